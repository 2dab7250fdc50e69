-module(gsx_call_args).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "bad arguments of call",
      contract => "An invalid timeout is an error of the caller and leaves the server alone; the server may be given as pid, name or {Name,Node}.",
      steps => [
        "main: start probe a registered as n1; do `call soon`: call(a,ping,soon); `call -1`; `call 0 pong`: call with timeout 0 of a server that is busy; call n1. (raised: whatever is raised.)"]}.
run() ->
    {ok, A} = probe:start(a, #{reg => n1}),
    C = fun(L, F) -> oracle:do(L, F) end,
    C("call soon", fun() -> try gen_server:call(A, ping, soon) catch _:_ -> raised end end),
    C("call -1", fun() -> try gen_server:call(A, ping, -1) catch _:_ -> raised end end),
    C("call 0", fun() -> gen_server:call(A, {sleep, 30}, 0) end),
    oracle:sleep(60),
    C("call n1", fun() -> gen_server:call(n1, ping) end),
    oracle:mailbox().
