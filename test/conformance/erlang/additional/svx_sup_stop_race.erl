-module(svx_sup_stop_race).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "children that exit by themselves during the shutdown do not disturb it",
      contract => "children that exit by themselves with any reason during the shutdown do not disturb it",
      steps => [
        "main traps exits; start supervisor sup with quiet workers w1 to w4 which end with other reasons in terminate: w1 exit(boom), w2 exit(normal), w3 error oops, w4 returns; watch all; exit(sup,shutdown); log the 'EXIT' of sup and the deaths. A fifth child w5 is already dead when the shutdown begins (killed just before it, with intensity 0: the supervisor may not restart it)."]}.
run() ->
    process_flag(trap_exit, true),
    T = fun(F) -> #{quiet => true, terminate => fun(_, _) -> F() end} end,
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1, T(fun() -> exit(boom) end)), tsup:w(w2, T(fun() -> exit(normal) end)),
        tsup:w(w3, T(fun() -> error(oops) end)), tsup:w(w4, T(fun() -> ok end))]),
    Ws = [oracle:watch(oracle:pid(N)) || N <- ['w1.1', 'w2.1', 'w3.1', 'w4.1']],
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    [oracle:down(W) || W <- Ws].
