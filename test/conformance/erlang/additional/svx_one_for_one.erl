-module(svx_one_for_one).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "one_for_one: only the failed child is restarted, and the limit ends the supervisor",
      contract => "only the failed child is restarted; the limit ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (one_for_one, intensity 1) with w1, w2; kill w1, settle; do which_children; kill w2; receive one message and log it; log the mailbox."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1), tsup:w(w2)]),
    exit(oracle:pid('w1.1'), kill), oracle:settle(), oracle:kids(S),
    exit(oracle:pid('w2.1'), kill), oracle:recv(), oracle:mailbox().
