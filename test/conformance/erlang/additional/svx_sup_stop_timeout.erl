-module(svx_sup_stop_timeout).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "one child in time exits with shutdown, one too slow is killed",
      contract => "one child in time (shutdown), one too slow (killed)",
      steps => [
        "main traps exits; start supervisor sup with w1 (shutdown 500) and w2 (shutdown 50, terminate sleeps 300); watch both; do `terminate w2`: terminate_child; do which_children; do `restart w2`; exit(sup,shutdown); log the deaths."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1, #{shutdown => 500}),
                                    tsup:w(w2, #{shutdown => 50, terminate => fun(_, _) -> timer:sleep(300) end})]),
    W1 = oracle:watch(oracle:pid('w1.1')), W2 = oracle:watch(oracle:pid('w2.1')),
    oracle:do("terminate w2", fun() -> supervisor:terminate_child(S, w2) end), oracle:down(W2),
    oracle:kids(S),
    oracle:do("restart w2", fun() -> supervisor:restart_child(S, w2) end),
    W3 = oracle:watch(oracle:pid('w2.2')),
    exit(S, shutdown), oracle:down(W3), oracle:down(W1).
