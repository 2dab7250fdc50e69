-module(prx_link_and_monitor).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "one death, a link and monitors: the 'EXIT' comes before the 'DOWN's, and the name is free by then",
      contract => "A process that is linked to and monitors another gets both 'EXIT' and 'DOWN'; the order of the two is what OTP does, its documentation does not promise it. The name of the dead is free when either arrives.",
      steps => [
        "main traps exits. Spawn idle a; register it as n1; main monitors it by name and by pid, and links to it; make it exit with boom; receive three messages, with whereis n1 after the first. Spawn idle b; monitor it three times; make it return; receive three messages: log which monitor each belongs to."]}.
run() ->
    process_flag(trap_exit, true),
    A = oracle:idle(a), register(n1, A), erlang:monitor(process, n1), erlang:monitor(process, A), link(A),
    A ! {exit, boom},
    oracle:recv(), oracle:do("whereis n1", fun() -> whereis(n1) end),
    Two = [receive M -> M end || _ <- [1, 2]],
    [oracle:log("~ts", [T]) || T <- lists:sort([lists:flatten(oracle:fmt(M)) || M <- Two])],
    B = oracle:idle(b), Rs = [erlang:monitor(process, B) || _ <- [1, 2, 3]], B ! return,
    oracle:do("monitors", fun() -> [length(lists:takewhile(fun(R) -> R =/= X end, Rs)) || X <- [receive M -> element(2, M) end || _ <- Rs]] end).
