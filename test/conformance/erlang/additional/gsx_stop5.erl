-module(gsx_stop5).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "stop, call and cast by {Name,node()}",
      contract => "stop by {Name,node()}",
      steps => [
        "main: start probe a registered as to_stop; do `call`, `cast`, `stop`, `stop again`, `call again`, `cast again` with {to_stop,node()}."]}.
run() ->
    {ok, _} = probe:start(a, #{reg => to_stop}),
    S = {to_stop, node()},
    oracle:do("call", fun() -> gen_server:call(S, ping) end),
    oracle:do("cast", fun() -> R = gen_server:cast(S, hello), oracle:settle(), R end),
    oracle:do("stop", fun() -> gen_server:stop(S) end),
    oracle:do("stop again", fun() -> gen_server:stop(S) end),
    oracle:do("call again", fun() -> gen_server:call(S, ping) end),
    oracle:do("cast again", fun() -> gen_server:cast(S, hello) end).
