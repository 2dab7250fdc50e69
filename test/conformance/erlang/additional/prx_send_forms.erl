-module(prx_send_forms).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "sending to a pid, a name, {Name,Node} and an alias",
      contract => "send returns the message; an unregistered name raises badarg, {Name,Node} of this node never raises.",
      steps => [
        "main: trapper t registered as n1; do `pid`, `name`, `{name,node}` sends; do `nosuch`; do `{nosuch,node}`."]}.
run() ->
    T = oracle:trapper(t), register(n1, T),
    S = fun(L, D) -> oracle:do(L, fun() -> R = erlang:send(D, hello), oracle:settle(), R end) end,
    S("pid", T), S("name", n1), S("{name,node}", {n1, node()}), S("{nosuch,node}", {nosuch, node()}), S("nosuch", nosuch).
