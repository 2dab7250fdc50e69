-module(prx_unlink_flush).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "unlink leaves an 'EXIT' that is already there, and none comes later",
      contract => "After unlink has returned, the link has no effect on the caller any more, but an 'EXIT' message already in the mailbox stays.",
      steps => [
        "main traps exits; 20 times: spawn_link a process that exits at once, unlink it at once, take an 'EXIT' of it if there is one; settle; log the mailbox (empty)."]}.
run() ->
    process_flag(trap_exit, true),
    [begin P = erlang:spawn_link(fun() -> exit(boom) end), unlink(P), receive {'EXIT', P, _} -> ok after 0 -> ok end end || _ <- lists:seq(1, 20)],
    oracle:mailbox().
