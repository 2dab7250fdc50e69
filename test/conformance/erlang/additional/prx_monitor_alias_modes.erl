-module(prx_monitor_alias_modes).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "monitors with alias: explicit_unalias, demonitor, reply_demonitor",
      contract => "{alias,explicit_unalias}: only unalias ends the alias. {alias,demonitor}: demonitor and 'DOWN' end it too. {alias,reply_demonitor}: also the first message by the alias, which removes the monitor as well.",
      steps => [
        "main: for each mode: spawn idle, R = monitor with alias; send m1 and m2 to R; log the mailbox; make it exit with boom; log the mailbox; send m3 to R; log the mailbox; do `unalias`."]}.
run() ->
    [begin
         P = oracle:idle(N), R = erlang:monitor(process, P, [{alias, M}]),
         R ! m1, R ! m2, oracle:mailbox(), P ! {exit, boom}, oracle:mailbox(),
         R ! m3, oracle:mailbox(), oracle:do("unalias", fun() -> erlang:unalias(R) end),
         Q = oracle:idle(list_to_atom(atom_to_list(N) ++ "2")), R2 = erlang:monitor(process, Q, [{alias, M}]),
         oracle:do("demonitor", fun() -> erlang:demonitor(R2) end), R2 ! m4, oracle:mailbox()
     end || {N, M} <- [{a, explicit_unalias}, {b, demonitor}, {c, reply_demonitor}]].
