-module(gsx_undef_terminate2).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "without terminate, stop with a reason gives that reason",
      contract => "without terminate, stop with a reason gives that reason",
      steps => [
        "main: start a bare server, watch it; do `stop`: stop(P,{error,test},infinity); log the death. The same with call {stop,R}."]}.
run() ->
    {ok, P} = gen_server:start(bare, srv, []), W = oracle:watch(P),
    oracle:do("stop", fun() -> gen_server:stop(P, {error, test}, infinity) end), oracle:down(W),
    {ok, Q} = gen_server:start(bare, srv2, []), W2 = oracle:watch(Q),
    oracle:do("call", fun() -> gen_server:call(Q, {stop, over}) end), oracle:down(W2).
