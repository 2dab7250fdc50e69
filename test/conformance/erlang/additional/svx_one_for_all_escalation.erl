-module(svx_one_for_all_escalation).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "one_for_all: a failing restart in the group ends the supervisor",
      contract => "a failing restart in the group ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (one_for_all, intensity 3) with w1, w2 (only its first init succeeds), w3; cast {exit,boom} to w1; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    tsup:start(sup, #{strategy => one_for_all, intensity => 3}, [tsup:w(w1), tsup:w(w2, #{init => once()}), tsup:w(w3)]),
    gen_server:cast(oracle:pid('w1.1'), {exit, boom}), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> {stop, bad} end end.
