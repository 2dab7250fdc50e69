-module(prx_link_twice).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "there is at most one link between two processes",
      contract => "linking again has no effect, and one unlink removes it",
      steps => [
        "main traps exits. Spawn idle a; main links to it twice; inside a link(main); make it exit with boom; log the mailbox (one message). Spawn idle b; link twice, unlink once; make it exit; log the mailbox."]}.
run() ->
    process_flag(trap_exit, true), Main = self(),
    A = oracle:idle(a), link(A), link(A), oracle:tell(A, fun() -> link(Main) end), A ! {exit, boom}, oracle:mailbox(),
    B = oracle:idle(b), link(B), link(B), unlink(B), B ! {exit, boom}, oracle:mailbox().
