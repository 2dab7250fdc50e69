-module(svx_one_for_all).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "one_for_all: all are replaced, and the limit ends the supervisor",
      contract => "all are replaced; the limit ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (one_for_all, intensity 1) with w1, w2; kill w1, settle; do which_children; kill the new w2; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => one_for_all}, [tsup:w(w1), tsup:w(w2)]),
    exit(oracle:pid('w1.1'), kill), oracle:settle(), oracle:kids(S),
    exit(oracle:pid('w2.2'), kill), oracle:recv(), oracle:mailbox().
