-module(svx_count_restarting_children).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "children in a restart loop are counted as specs and workers, not as active",
      contract => "children in a restart loop are counted as specs/workers, not as active",
      steps => [
        "main traps exits; start supervisor sup (intensity 1000000, period 1) with quiet workers w1 (only its first init succeeds, the others sleep 5 ms and return {stop,bad}) and w2; do `count`; kill w1; sleep 50; do `count`; do which_children."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{intensity => 1000000, period => 1}, [tsup:w(w1, #{quiet => true, init => once()}), tsup:w(w2, #{quiet => true})]),
    Count = fun() -> oracle:do("count", fun() -> supervisor:count_children(S) end) end,
    Count(), exit(oracle:pid('w1.1'), kill), oracle:sleep(50), Count(), oracle:kids(S),
    exit(S, shutdown), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> timer:sleep(5), {stop, bad} end end.
