-module(svx_hanging_restart_loop_rest_for_one).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a restart that keeps failing under rest_for_one: the later children are undefined, the earlier one is kept",
      contract => "the same under rest_for_one: the later children are undefined, the earlier one is kept",
      steps => [
        "main traps exits; start supervisor sup (rest_for_one, intensity 1000000, period 1) with quiet w1, w2 (only its first init succeeds), w3; kill w2; settle; do which_children; do `start w2`, `restart w2`, `restart w3`, `delete w3`, `terminate w2`; do which_children; do `restart w3`; exit(sup,shutdown); receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => rest_for_one, intensity => 1000000, period => 1},
        [tsup:w(w1, #{quiet => true}), tsup:w(w2, #{quiet => true, init => once()}), tsup:w(w3, #{quiet => true})]),
    D = fun(L, F) -> oracle:do(L, F) end,
    exit(oracle:pid('w2.1'), kill), oracle:settle(), oracle:kids(S),
    D("start w2", fun() -> supervisor:start_child(S, tsup:w(w2)) end),
    D("restart w2", fun() -> supervisor:restart_child(S, w2) end),
    D("restart w3", fun() -> supervisor:restart_child(S, w3) end),
    D("terminate w2", fun() -> supervisor:terminate_child(S, w2) end),
    oracle:kids(S),
    D("restart w3", fun() -> supervisor:restart_child(S, w3) end), oracle:kids(S),
    exit(S, shutdown), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> timer:sleep(2), {stop, bad} end end.
