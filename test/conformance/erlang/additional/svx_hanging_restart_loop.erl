-module(svx_hanging_restart_loop).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "while a restart keeps failing, the supervisor answers: restarting, already_present; terminate_child stops it",
      contract => "while a restart keeps failing, the supervisor answers: restarting, already_present; terminate_child stops it; shutdown works",
      steps => [
        "main traps exits; start supervisor sup (intensity 1000000, period 1) with quiet w1 (only its first init succeeds) and w2; kill w1; settle; do which_children; do `start w1`, `restart w1`, `delete w1`, `spec w1`, `terminate w1`; do which_children; settle; do `restart w1`: it fails; do `delete w1`; do `alive w2.1`.",
        "start it all again with v1, v2: kill v1, settle, exit(sup,shutdown); receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    Start = fun(X, Y) -> {ok, S} = tsup:start(sup, #{intensity => 1000000, period => 1}, [tsup:w(X, #{quiet => true, init => once()}), tsup:w(Y, #{quiet => true})]), S end,
    S = Start(w1, w2),
    D = fun(L, F) -> oracle:do(L, F) end,
    exit(oracle:pid('w1.1'), kill), oracle:settle(), oracle:kids(S),
    D("start w1", fun() -> supervisor:start_child(S, tsup:w(w1)) end),
    D("restart w1", fun() -> supervisor:restart_child(S, w1) end),
    D("delete w1", fun() -> supervisor:delete_child(S, w1) end),
    D("spec w1", fun() -> element(1, supervisor:get_childspec(S, w1)) end),
    D("terminate w1", fun() -> supervisor:terminate_child(S, w1) end),
    oracle:kids(S), oracle:settle(),
    D("restart w1", fun() -> supervisor:restart_child(S, w1) end),
    D("delete w1", fun() -> supervisor:delete_child(S, w1) end),
    D("alive w2", fun() -> is_process_alive(oracle:pid('w2.1')) end),
    T = Start(v1, v2), exit(oracle:pid('v1.1'), kill), oracle:settle(), exit(T, shutdown), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> timer:sleep(2), {stop, bad} end end.
