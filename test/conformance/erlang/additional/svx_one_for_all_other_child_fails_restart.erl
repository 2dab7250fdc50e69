-module(svx_one_for_all_other_child_fails_restart).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "one_for_all: another child fails during the group restart: those restarted are terminated and the group starts over",
      contract => "if another child fails during the group restart, those already restarted are terminated and the group starts over",
      steps => [
        "main: start supervisor sup (one_for_all, intensity 3) with w1, w2, w3 whose second init, and only that, returns {stop,bad}; cast {exit,boom} to w1; sleep 200; do which_children."]}.
run() ->
    {ok, S} = tsup:start(sup, #{strategy => one_for_all, intensity => 3}, [tsup:w(w1), tsup:w(w2), tsup:w(w3, #{init => second()})]),
    gen_server:cast(oracle:pid('w1.1'), {exit, boom}), oracle:sleep(200), oracle:kids(S).
second() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 2 -> {stop, bad}; _ -> {ok, s0} end end.
