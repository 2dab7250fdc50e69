-module(svx_hanging_restart_loop_simple).
-export([meta/0, run/0, child/2]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a restart that keeps failing under simple_one_for_one",
      contract => "the same under simple_one_for_one",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, intensity 1000000, period 1); dynamic quiet worker a whose first init only succeeds, and b; kill a; settle; do which_children (children only); do `terminate old pid`: terminate_child with the pid a had; do which_children; do `start c`; exit(sup,shutdown); receive one message and log it."]}.
child(N, I) -> probe:child(N, #{trap => true, quiet => true, init => I}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one, intensity => 1000000, period => 1}, [#{id => c, start => {?MODULE, child, []}}]),
    Ok = fun() -> {ok, s0} end,
    supervisor:start_child(S, [a, once()]), supervisor:start_child(S, [b, Ok]),
    Kids = fun() -> oracle:do("which_children", fun() -> lists:sort([{I, if is_pid(P) -> pid; true -> P end} || {I, P, _, _} <- supervisor:which_children(S)]) end) end,
    A = oracle:pid('a.1'), exit(A, kill), oracle:settle(), Kids(),
    oracle:do("count", fun() -> supervisor:count_children(S) end),
    oracle:do("terminate old pid", fun() -> supervisor:terminate_child(S, A) end), Kids(),
    oracle:do("start c", fun() -> supervisor:start_child(S, [c, Ok]) end),
    exit(S, shutdown), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> timer:sleep(2), {stop, bad} end end.
