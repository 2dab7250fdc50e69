-module(prx_exit_order).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "the links and monitors of the dead are told after everything it sent",
      contract => "signals from one process to another keep their order: messages before the 'DOWN' and 'EXIT'; an exit signal sent before the death arrives before it.",
      steps => [
        "main traps exits; spawn p which on go sends main a, exit(main,sig), b, and exits with boom; main links and monitors it; sends go; logs the mailbox with the last two sorted."]}.
run() ->
    process_flag(trap_exit, true), Main = self(),
    P = oracle:spawn(p, fun() -> receive go -> ok end, Main ! a, exit(Main, sig), Main ! b, exit(boom) end),
    link(P), P ! go, oracle:mailbox(),
    Q = oracle:spawn(q, fun() -> receive go -> ok end, Main ! a, exit(Main, sig), Main ! b, exit(boom) end),
    erlang:monitor(process, Q), Q ! go, oracle:mailbox().
