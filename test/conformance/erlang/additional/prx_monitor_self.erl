-module(prx_monitor_self).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "a monitor on oneself is never delivered; a link to oneself does nothing",
      contract => "monitor(process,self()) and link(self()) are legal and without effect.",
      steps => [
        "main: do `link self`; do `unlink self`; spawn p, which monitors itself and exits with boom: main watches it and logs its death; log the mailbox. do `demonitor info` of a monitor on main by main; send hello to one with alias; log the mailbox; do `unalias`."]}.
run() ->
    oracle:do("link self", fun() -> link(self()) end),
    oracle:do("unlink self", fun() -> unlink(self()) end),
    P = oracle:idle(p), W = oracle:watch(P),
    oracle:tell(P, fun() -> erlang:monitor(process, self()) end),
    P ! {exit, boom}, oracle:down(W), oracle:mailbox(),
    R = erlang:monitor(process, self()), oracle:do("demonitor info", fun() -> erlang:demonitor(R, [info]) end),
    A = erlang:monitor(process, self(), [{alias, demonitor}]), A ! hello, oracle:mailbox(),
    oracle:do("unalias", fun() -> erlang:unalias(A) end).
