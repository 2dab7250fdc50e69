-module(svx_multiple_restarts).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "restarts further apart than the period never reach the limit",
      contract => "restarts further apart than the period never reach the limit",
      steps => [
        "main traps exits; start supervisor sup (intensity 1, period 1) with quiet worker w1; three times: cast {exit,boom} to it, sleep 2100; do which_children; do `alive`."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{intensity => 1, period => 1}, [tsup:w(w1, #{quiet => true})]),
    [begin gen_server:cast(oracle:pid(N), {exit, boom}), oracle:sleep(2100) end || N <- ['w1.1', 'w1.2', 'w1.3']],
    oracle:kids(S), oracle:do("alive", fun() -> is_process_alive(S) end).
