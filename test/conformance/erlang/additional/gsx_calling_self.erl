-module(gsx_calling_self).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "call(self(),_) exits with calling_self, also with timeout infinity",
      contract => "call(self(),_) exits with calling_self, also with timeout infinity",
      steps => [
        "main: do `call self`; do `call self infinity`; register itself as me: do `call me`; do `stop self`; do `stop me`. A probe calls itself in a callback."]}.
run() ->
    oracle:do("call self", fun() -> gen_server:call(self(), ping) end),
    oracle:do("call self infinity", fun() -> gen_server:call(self(), ping, infinity) end),
    register(me, self()),
    oracle:do("call me", fun() -> gen_server:call(me, ping) end),
    oracle:do("stop self", fun() -> gen_server:stop(self()) end),
    {ok, A} = probe:start(a, #{call => fun(inner, _, _) -> gen_server:call(self(), ping); (_, _, _) -> default end}),
    oracle:do("call inner", fun() -> gen_server:call(A, inner) end),
    oracle:mailbox().
