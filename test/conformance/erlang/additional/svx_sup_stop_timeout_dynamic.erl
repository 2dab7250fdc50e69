-module(svx_sup_stop_timeout_dynamic).
-export([meta/0, run/0, child/2]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "dynamic children are shut down in parallel: those in time exit with shutdown, those too slow are killed",
      contract => "the same under simple_one_for_one",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, shutdown 150); start a (quick), b and c (terminate sleeps 1000), d (terminate sleeps 50); quiet; watch all; exit(sup,shutdown); log the 'EXIT' of sup and the deaths."]}.
child(N, Ms) -> probe:start_link(N, #{trap => true, quiet => true, terminate => fun(_, _) -> timer:sleep(Ms) end}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, shutdown => 150, start => {?MODULE, child, []}}]),
    Ws = [begin {ok, P} = supervisor:start_child(S, [N, Ms]), oracle:watch(P) end || {N, Ms} <- [{a, 0}, {b, 1000}, {c, 1000}, {d, 50}]],
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    [oracle:down(W) || W <- Ws].
