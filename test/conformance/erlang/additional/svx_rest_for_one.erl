-module(svx_rest_for_one).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "rest_for_one: the rest is replaced, earlier children stay, and the limit ends the supervisor",
      contract => "the rest is replaced, earlier children stay; the limit ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (rest_for_one, intensity 1) with w1, w2, w3; kill w2, settle; do which_children; kill the new w3; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => rest_for_one}, [tsup:w(w1), tsup:w(w2), tsup:w(w3)]),
    exit(oracle:pid('w2.1'), kill), oracle:settle(), oracle:kids(S),
    exit(oracle:pid('w3.2'), kill), oracle:recv(), oracle:mailbox().
