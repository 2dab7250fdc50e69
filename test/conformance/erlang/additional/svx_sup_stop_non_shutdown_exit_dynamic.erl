-module(svx_sup_stop_non_shutdown_exit_dynamic).
-export([meta/0, run/0, child/2]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "dynamic children that exit with other reasons when shut down: the supervisor still exits with shutdown",
      contract => "dynamic children exiting with other reasons when shut down: the supervisor still exits with shutdown",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one) with quiet children a (terminate exits with boom), b (normal), c (returns); watch all; exit(sup,shutdown); log the 'EXIT' of sup and the deaths."]}.
child(N, T) -> probe:start_link(N, #{trap => true, quiet => true, terminate => T}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, shutdown => 1000, start => {?MODULE, child, []}}]),
    Ws = [begin {ok, P} = supervisor:start_child(S, [N, T]), oracle:watch(P) end
          || {N, T} <- [{a, fun(_, _) -> exit(boom) end}, {b, fun(_, _) -> exit(normal) end}, {c, fun(_, _) -> ok end}]],
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    [oracle:down(W) || W <- Ws].
