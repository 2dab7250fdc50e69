-module(svx_simple_one_for_one_shutdown).
-export([meta/0, run/0, child/2]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "dynamic children are shut down in parallel within the shutdown time",
      contract => "dynamic children are shut down in parallel within the shutdown time",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, shutdown 5000) with 5 quiet children whose terminate notes that it has begun, sleeps 300, and then counts itself if all five have begun; watch them; exit(sup,shutdown); log the 'EXIT', the count, the deaths."]}.
child(N, C) -> probe:start_link(N, #{trap => true, quiet => true, terminate => fun(_, _) ->
    counters:add(C, 1, 1), timer:sleep(300),
    case counters:get(C, 1) of 5 -> counters:add(C, 2, 1); _ -> ok end end}).
run() ->
    process_flag(trap_exit, true),
    C = counters:new(2, []),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, shutdown => 5000, start => {?MODULE, child, []}}]),
    Ws = [begin {ok, P} = supervisor:start_child(S, [N, C]), oracle:watch(P) end || N <- [a, b, c, d, e]],
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    oracle:log("in parallel ~p", [counters:get(C, 2)]),
    [oracle:down(W) || W <- Ws].
