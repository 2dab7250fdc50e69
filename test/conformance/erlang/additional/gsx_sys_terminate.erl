-module(gsx_sys_terminate).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "sys:terminate, and a suspended server",
      contract => "sys:terminate(Server,Reason) makes the server run terminate(Reason) and exit with it; a suspended server answers the exit of its parent; get_status tells running or suspended.",
      steps => [
        "main: start probe a, watch it; do `terminate`: sys:terminate(a,because); log the death. Start b, suspend it, do `terminate`. do `status` of a running and a suspended probe: the second element of the items list."]}.
run() ->
    {ok, A} = probe:start(a, #{}), WA = oracle:watch(A),
    oracle:do("terminate", fun() -> sys:terminate(A, because) end), oracle:down(WA),
    {ok, B} = probe:start(b, #{}), WB = oracle:watch(B),
    Status = fun() -> oracle:do("status", fun() ->
        {status, P, {module, M}, [_, S, Parent, Debug, _]} = sys:get_status(B), {status, P, M, S, Parent, Debug} end) end,
    Status(), sys:suspend(B), Status(),
    oracle:do("terminate", fun() -> sys:terminate(B, because) end), oracle:down(WB),
    P = oracle:idle(parent), oracle:tell(P, fun() -> probe:start_link(c, #{trap => true}) end),
    C = oracle:pid(c), WC = oracle:watch(C), sys:suspend(C), gen_server:cast(C, queued),
    P ! {exit, boom}, oracle:down(WC),
    oracle:do("terminate dead", fun() -> sys:terminate(C, because) end).
