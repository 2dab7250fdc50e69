-module(prx_monitor_name).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "a monitor by name resolves the name once, and its 'DOWN' carries {Name,Node}",
      contract => "A monitor by registered name resolves the name once; its 'DOWN' carries {Name,Node} instead of the pid. A name nobody has gives noproc at once.",
      steps => [
        "main: spawn idle a, b; register a as n1; monitor n1; unregister n1; register b as n1; make b exit with bye; log the mailbox; make a exit with boom; log the mailbox. monitor nosuch; log the mailbox. monitor {n2,node()} of idle c; exit(c,kill); log the mailbox."]}.
run() ->
    A = oracle:idle(a), B = oracle:idle(b),
    register(n1, A), erlang:monitor(process, n1), unregister(n1), register(n1, B),
    B ! {exit, bye}, oracle:mailbox(), A ! {exit, boom}, oracle:mailbox(),
    erlang:monitor(process, nosuch), oracle:mailbox(),
    C = oracle:idle(c), register(n2, C), erlang:monitor(process, {n2, node()}), exit(C, kill), oracle:mailbox().
