-module(gsx_get_state).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "sys:get_state returns the state, also while suspended; calls wait until resume",
      contract => "sys:get_state returns the state, also while suspended",
      steps => [
        "main: start probe a registered as n1; do `get_state` by pid and by name; suspend; do `get_state`; client c calls ping (logs 20 ms after it is answered); settle; log `resuming`; resume; settle; do `get_state nosuch`; do `get_state dead`."]}.
run() ->
    {ok, A} = probe:start(a, #{reg => n1}),
    oracle:do("get_state", fun() -> sys:get_state(A) end),
    oracle:do("get_state n1", fun() -> sys:get_state(n1, 1000) end),
    oracle:do("suspend", fun() -> sys:suspend(A) end),
    oracle:do("get_state", fun() -> sys:get_state(A) end),
    oracle:spawn(c, fun() -> oracle:do("call", fun() -> R = gen_server:call(A, ping), timer:sleep(20), R end) end),
    oracle:settle(),
    oracle:do("call suspended", fun() -> gen_server:call(A, ping, 30) end),
    oracle:do("suspend again", fun() -> sys:suspend(A) end),
    oracle:log("resuming"),
    oracle:do("resume", fun() -> R = sys:resume(A), oracle:settle(), R end),
    oracle:do("resume again", fun() -> sys:resume(A) end),
    oracle:do("get_state nosuch", fun() -> sys:get_state(nosuch) end),
    D = oracle:spawn(dead, fun() -> ok end), oracle:gone(oracle:watch(D)),
    oracle:do("get_state dead", fun() -> sys:get_state(D) end),
    oracle:do("suspend dead", fun() -> sys:suspend(D) end),
    gen_server:cast(A, {sleep, 200}),
    oracle:do("get_state timeout", fun() -> sys:get_state(A, 30) end),
    oracle:sleep(250), oracle:mailbox().
