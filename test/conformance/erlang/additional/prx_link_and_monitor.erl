-module(prx_link_and_monitor).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "one death, a link and a monitor: both messages arrive; and the name is free by then",
      contract => "A process that is linked to and monitors another gets both 'EXIT' and 'DOWN'; the order of the two is that of OTP; the name of the dead is free when either arrives.",
      steps => [
        "main traps exits. Spawn idle a; register it as n1; main links to it, monitors it by pid and by name; make it exit with boom; receive three messages (sorted by text), with whereis n1 after the first."]}.
run() ->
    process_flag(trap_exit, true),
    A = oracle:idle(a), register(n1, A), link(A), erlang:monitor(process, A), erlang:monitor(process, n1),
    A ! {exit, boom},
    M1 = receive X1 -> X1 end, W = whereis(n1), M2 = receive X2 -> X2 end, M3 = receive X3 -> X3 end,
    oracle:log("whereis ~p", [W]),
    [oracle:log("~ts", [T]) || T <- lists:sort([lists:flatten(oracle:fmt(M)) || M <- [M1, M2, M3]])].
