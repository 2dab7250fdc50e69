-module(prx_receive_after).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "receive with a time-out: messages that do not match do not restart the time, and 0 does not wait",
      contract => "receive ... after T gives up T ms after it began to wait; arriving messages that do not match do not restart the time. after 0 takes a matching message if one is there.",
      steps => [
        "main: send_after 30, 60, 90, 1000 ms of the message noise to itself; receive the message wanted after 120: log `timed out`; log the mailbox (noise thrice, and a fourth); send itself here; receive here after 0: log; receive gone after 0: log."]}.
run() ->
    [erlang:send_after(T, self(), noise) || T <- [30, 60, 90, 1000]],
    receive wanted -> oracle:log("wanted") after 120 -> oracle:log("timed out") end,
    oracle:log("noise ~p", [count()]), oracle:sleep(1000), oracle:log("noise ~p", [count()]),
    self() ! other, self() ! here,
    receive here -> oracle:log("here") after 0 -> oracle:log("not there") end,
    receive gone -> oracle:log("gone") after 0 -> oracle:log("not there") end,
    oracle:mailbox().
count() -> receive noise -> 1 + count() after 0 -> 0 end.
