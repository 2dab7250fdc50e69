-module(svx_sup_stop_brutal_kill).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "brutal_kill gives killed, the other child exits with shutdown",
      contract => "brutal_kill gives killed, the other child shutdown",
      steps => [
        "main traps exits; start supervisor sup with w1 and w2 (brutal_kill); watch both; exit(sup,shutdown); log the 'EXIT' of sup and the deaths."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1), tsup:w(w2, #{shutdown => brutal_kill})]),
    W1 = oracle:watch(oracle:pid('w1.1')), W2 = oracle:watch(oracle:pid('w2.1')),
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    oracle:down(W2), oracle:down(W1).
