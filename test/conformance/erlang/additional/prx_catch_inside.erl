-module(prx_catch_inside).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "exit, error and throw can be caught inside the process, an exit signal cannot",
      contract => "exit, error and throw can be caught by try/catch inside the process; an exit signal from outside cannot, and runs no catch or after part.",
      steps => [
        "Spawn p: for exit boom, error boom, throw boom: log `caught <class> <reason>`; then wait in a try with a catch and an after that log. main: exit(p,bang); log its death."]}.
run() ->
    P = oracle:spawn(p, fun() ->
        [try F() catch C:R -> oracle:log("caught ~p ~p", [C, R]) end
         || F <- [fun() -> exit(boom) end, fun() -> error(boom) end, fun() -> throw(boom) end]],
        try receive never -> ok end catch _:_ -> oracle:log("caught") after oracle:log("after") end end),
    W = oracle:watch(P), oracle:settle(), exit(P, bang), oracle:down(W).
