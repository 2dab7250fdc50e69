-module(gsx_undef_terminate1).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "without terminate, stop works, reason normal",
      contract => "without terminate, stop works, reason normal",
      steps => [
        "main: start a bare server, watch it; do `stop`; log the death."]}.
run() ->
    {ok, P} = gen_server:start(bare, srv, []), W = oracle:watch(P),
    oracle:do("stop", fun() -> gen_server:stop(P) end), oracle:down(W).
