-module(svx_sup_stop_infinity).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "shutdown infinity for a supervisor and a worker: they are waited for, exit reason shutdown",
      contract => "shutdown infinity for supervisor and worker: exit reason shutdown",
      steps => [
        "main traps exits; start supervisor sup with worker w1 (shutdown infinity, terminate sleeps 150 ms) and supervisor in (shutdown infinity) of worker v1 (terminate sleeps 100 ms); watch w1 and in; exit(sup,shutdown); receive the 'EXIT' of sup and log it; log the deaths."]}.
run() ->
    process_flag(trap_exit, true),
    Slow = fun(Ms) -> fun(_, _) -> timer:sleep(Ms) end end,
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1, #{shutdown => infinity, terminate => Slow(150)}),
        #{id => in, type => supervisor, shutdown => infinity,
          start => {tsup, start, [in, #{}, [tsup:w(v1, #{terminate => Slow(100)})]]}}]),
    W1 = oracle:watch(oracle:pid('w1.1')), W2 = oracle:watch(oracle:pid(in)),
    exit(S, shutdown),
    receive {'EXIT', S, _} = M -> oracle:log("got ~ts", [oracle:fmt(M)]) end,
    oracle:down(W2), oracle:down(W1).
