-module(gsx_stop4).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "stop by local name, and noproc once it is gone",
      contract => "stop by local name, and noproc once it is gone",
      steps => [
        "main: start probe a registered as to_stop; do `stop`, `whereis`, `stop again`."]}.
run() ->
    {ok, _} = probe:start(a, #{reg => to_stop}),
    oracle:do("stop", fun() -> gen_server:stop(to_stop) end),
    oracle:do("whereis", fun() -> whereis(to_stop) end),
    oracle:do("stop again", fun() -> gen_server:stop(to_stop) end).
