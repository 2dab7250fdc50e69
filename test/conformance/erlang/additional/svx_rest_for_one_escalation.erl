-module(svx_rest_for_one_escalation).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "rest_for_one: a failing restart in the rest ends the supervisor",
      contract => "a failing restart in the rest ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (rest_for_one, intensity 3) with w1, w2, w3 (only its first init succeeds); cast {exit,boom} to w2; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    tsup:start(sup, #{strategy => rest_for_one, intensity => 3}, [tsup:w(w1), tsup:w(w2), tsup:w(w3, #{init => once()})]),
    gen_server:cast(oracle:pid('w2.1'), {exit, boom}), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> {stop, bad} end end.
