-module(svx_sup_stop_api).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "gen_server:stop works on a supervisor, and an exit of the parent with normal stops it",
      contract => "A supervisor is a gen_server that traps exits: stop(Sup) terminates the children and then ends normally; the parent's exit normal is the parent's exit all the same.",
      steps => [
        "main traps exits; starts supervisor sup with workers w1, w2; do `stop`; receive one message and log it. Inside idle parent start supervisor s2 with worker v1; watch s2; make parent return; log the death of s2."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1), tsup:w(w2)]),
    oracle:do("stop", fun() -> gen_server:stop(S) end), oracle:recv(),
    P = oracle:idle(parent), oracle:tell(P, fun() -> tsup:start(s2, #{}, [tsup:w(v1)]) end),
    W = oracle:watch(oracle:pid(s2)), P ! return, oracle:down(W).
