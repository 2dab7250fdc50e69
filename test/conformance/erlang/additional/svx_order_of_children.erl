-module(svx_order_of_children).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "start order is list order and termination is the reverse, for a rest_for_one restart and for the shutdown",
      contract => "start order is list order, termination is the reverse, for a rest_for_one restart and for the shutdown",
      steps => [
        "main traps exits; start supervisor sup (rest_for_one, intensity 3) with w1, w2, w3, w4, w5; kill w3; settle; exit(sup,shutdown); receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => rest_for_one, intensity => 3}, [tsup:w(W) || W <- [w1, w2, w3, w4, w5]]),
    exit(oracle:pid('w3.1'), kill), oracle:settle(), oracle:kids(S), exit(S, shutdown), oracle:recv().
