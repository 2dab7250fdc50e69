-module(gsx_multicall).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "multi_call on the own node: replies, bad nodes, stop",
      contract => "multi_call on the own node: replies, bad nodes, stop",
      steps => [
        "main: start probe a registered as n1; do `multi_call`: multi_call(n1,ping); `multi_call nodes`: with [node()]; `multi_call nosuch`; `multi_call stop` of {stop,normal,stopped}; `alive`; `multi_call again`."]}.
run() ->
    {ok, A} = probe:start(a, #{reg => n1}),
    oracle:do("multi_call", fun() -> gen_server:multi_call(n1, ping) end),
    oracle:do("multi_call nodes", fun() -> gen_server:multi_call([node()], n1, ping) end),
    oracle:do("multi_call nosuch", fun() -> gen_server:multi_call(nosuch, ping) end),
    W = oracle:watch(A),
    oracle:do("multi_call stop", fun() -> gen_server:multi_call(n1, {stop, normal, stopped}) end),
    oracle:down(W),
    oracle:do("multi_call again", fun() -> gen_server:multi_call(n1, ping) end),
    oracle:mailbox().
