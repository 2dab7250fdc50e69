-module(svx_simple_one_for_one_shutdown).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "dynamic children are shut down in parallel within the shutdown time",
      contract => "dynamic children are shut down in parallel within the shutdown time",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, shutdown 1000) with 5 quiet children whose terminate sleeps 300; watch them; exit(sup,shutdown); log the 'EXIT', the deaths, and whether it took less than 900 ms."]}.
child(N) -> probe:start_link(N, #{trap => true, quiet => true, terminate => fun(_, _) -> timer:sleep(300) end}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, shutdown => 1000, start => {?MODULE, child, []}}]),
    Ws = [begin {ok, P} = supervisor:start_child(S, [N]), oracle:watch(P) end || N <- [a, b, c, d, e]],
    T = erlang:monotonic_time(millisecond),
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    oracle:log("in parallel ~p", [erlang:monotonic_time(millisecond) - T < 900]),
    [oracle:down(W) || W <- Ws].
