-module(svx_one_for_one_escalation).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "one_for_one: a restart that keeps failing ends the supervisor and the sibling",
      contract => "a restart that keeps failing ends the supervisor and the sibling",
      steps => [
        "main traps exits; start supervisor sup (one_for_one, intensity 4) with w1 (only its first init succeeds, then {stop,bad}) and w2; cast {exit,boom} to w1; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    tsup:start(sup, #{intensity => 4}, [tsup:w(w1, #{init => once()}), tsup:w(w2)]),
    gen_server:cast(oracle:pid('w1.1'), {exit, boom}), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> {stop, bad} end end.
