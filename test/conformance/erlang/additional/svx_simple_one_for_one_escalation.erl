-module(svx_simple_one_for_one_escalation).
-export([meta/0, run/0, child/2]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "simple_one_for_one: a failing restart of a dynamic child ends the supervisor",
      contract => "a failing restart of a dynamic child ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, intensity 4); dynamic workers a (only its first init succeeds) and b; cast {exit,boom} to a; receive one message and log it."]}.
child(N, I) -> probe:child(N, #{trap => true, init => I}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one, intensity => 4}, [#{id => c, start => {?MODULE, child, []}}]),
    supervisor:start_child(S, [a, once()]), supervisor:start_child(S, [b, fun() -> {ok, s0} end]),
    gen_server:cast(oracle:pid('a.1'), {exit, boom}), oracle:recv().
once() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 1 -> {ok, s0}; _ -> {stop, bad} end end.
