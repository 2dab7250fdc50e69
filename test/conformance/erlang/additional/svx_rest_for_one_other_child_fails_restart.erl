-module(svx_rest_for_one_other_child_fails_restart).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "rest_for_one: a later child fails during the restart: only it and the ones after it are retried",
      contract => "if a later child fails during the restart, only it and the ones after it are retried",
      steps => [
        "main: start supervisor sup (rest_for_one, intensity 3) with w1, w2, w3 (second init fails), w4; cast {exit,boom} to w1; sleep 200; do which_children."]}.
run() ->
    {ok, S} = tsup:start(sup, #{strategy => rest_for_one, intensity => 3}, [tsup:w(w1), tsup:w(w2), tsup:w(w3, #{init => second()}), tsup:w(w4)]),
    gen_server:cast(oracle:pid('w1.1'), {exit, boom}), oracle:sleep(200), oracle:kids(S).
second() -> C = counters:new(1, []), fun() -> counters:add(C, 1, 1), case counters:get(C, 1) of 2 -> {stop, bad}; _ -> {ok, s0} end end.
