-module(svx_sup_stop_brutal_kill_dynamic).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "brutal_kill of ten dynamic children",
      contract => "brutal_kill of ten dynamic children",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, brutal_kill) with ten quiet children; watch all; exit(sup,shutdown); log the 'EXIT' of sup and the deaths."]}.
child(N) -> probe:start_link(N, #{trap => true, quiet => true}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, shutdown => brutal_kill, start => {?MODULE, child, []}}]),
    Ws = [begin {ok, P} = supervisor:start_child(S, [list_to_atom("c" ++ integer_to_list(N))]), oracle:watch(P) end || N <- lists:seq(1, 10)],
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    [oracle:down(W) || W <- Ws].
