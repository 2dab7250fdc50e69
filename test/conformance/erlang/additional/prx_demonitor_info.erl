-module(prx_demonitor_info).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "demonitor with the info option",
      contract => "demonitor(Ref,[info]) is true if the monitor was removed, false if it was not found (it had fired, or never was); with flush, false if a 'DOWN' was flushed or nothing found.",
      steps => [
        "main: spawn idle a; do `info` of an active monitor; do `info again`; make a monitor fire (settle): do `info fired`, log the mailbox; another fired: do `flush info`, log the mailbox."]}.
run() ->
    A = oracle:idle(a), R1 = erlang:monitor(process, A),
    D = fun(L, R, O) -> oracle:do(L, fun() -> erlang:demonitor(R, O) end) end,
    D("info", R1, [info]), D("info again", R1, [info]),
    R2 = erlang:monitor(process, A), R3 = erlang:monitor(process, A), R4 = erlang:monitor(process, A),
    D("flush info active", R4, [flush, info]),
    A ! {exit, boom}, oracle:settle(),
    D("info fired", R2, [info]), D("flush info", R3, [flush, info]), oracle:mailbox(),
    D("unknown", make_ref(), []), D("unknown info", make_ref(), [info]).
