-module(svx_sup_start_fail).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "init raising: start_link gives an error and the process exits with it",
      contract => "init raising: start_link gives an error and the process exits with it",
      steps => [
        "main traps exits; do `error`, `exit`, `throw`: init raises error boom, exit bang, throw ball; receive one message and log it each time."]}.
run() ->
    process_flag(trap_exit, true),
    [begin oracle:do(L, fun() -> tsup:raw(F) end), oracle:recv() end
     || {L, F} <- [{"error", fun() -> error(boom) end}, {"exit", fun() -> exit(bang) end}, {"throw", fun() -> throw(ball) end}]].
