-module(gsx_abcast).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "abcast to a name on this node reaches it and returns abcast",
      contract => "abcast to a name on this node reaches it, returns abcast",
      steps => [
        "main: start probe a registered as n1; do `abcast`: abcast(n1,hello); do `abcast nodes`: abcast([node()],n1,hello); do `abcast nosuch`."]}.
run() ->
    {ok, _} = probe:start(a, #{reg => n1}),
    oracle:do("abcast", fun() -> R = gen_server:abcast(n1, hello), oracle:settle(), R end),
    oracle:do("abcast nodes", fun() -> R = gen_server:abcast([node()], n1, hello), oracle:settle(), R end),
    oracle:do("abcast nosuch", fun() -> gen_server:abcast(nosuch, hello) end).
