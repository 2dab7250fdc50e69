-module(gsx_call_killed).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a caller sees killed when the server is killed, and every queued caller sees the reason of the stop",
      contract => "A call in progress ends with the exit reason of the server, also for callers whose request was never looked at.",
      steps => [
        "main: start probe a; client c1 calls {sleep,500}; settle; main kills a; c1 logs the failure.",
        "main: start probe b; c2 calls {sleep,150}, c3 calls {stop,boom}, c4 calls ping, c5 calls ping, in this order (20 ms between); each logs its result after a pause of its own."]}.
run() ->
    {ok, A} = probe:start(a, #{quiet => true}),
    C = fun(N, S, R, Ms) -> oracle:spawn(N, fun() ->
            oracle:do(["call ", oracle:fmt(R)], fun() ->
                try gen_server:call(S, R) after timer:sleep(Ms) end end) end), oracle:sleep(20) end,
    C(c1, A, {sleep, 500}, 0), oracle:settle(), exit(A, kill), oracle:settle(),
    {ok, B} = probe:start(b, #{}),
    C(c2, B, {sleep, 150}, 0), C(c3, B, {stop, boom}, 20), C(c4, B, ping, 40), C(c5, B, ping, 60),
    oracle:sleep(400).
