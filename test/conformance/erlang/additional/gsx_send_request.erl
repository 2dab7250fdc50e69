-module(gsx_send_request).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "send_request with wait_response, receive_response and check_response",
      contract => "send_request with wait_response and check_response: replies, timeouts, {error,{Reason,Ref}} for a crash, a dead pid, a missing name",
      steps => [
        "main: start quiet probe a registered as n1. Requests by pid and by name; wait and receive; a dead pid; a missing name; a crash while waiting; check_response of a strange message, of the reply taken from the mailbox by hand and of the 'DOWN' taken by hand."]}.
run() ->
    {ok, A} = probe:start(a, #{reg => n1, quiet => true}),
    W = fun(L, R) -> oracle:do(L, fun() -> gen_server:wait_response(R, 1000) end) end,
    W("by pid", gen_server:send_request(A, ping)),
    W("by name", gen_server:send_request(n1, state)),
    W("by {name,node}", gen_server:send_request({n1, node()}, state)),
    R1 = gen_server:send_request(A, {sleep, 100}),
    oracle:do("too early", fun() -> gen_server:wait_response(R1, 10) end),
    oracle:do("zero", fun() -> gen_server:wait_response(R1, 0) end),
    W("late", R1),
    oracle:do("again", fun() -> gen_server:wait_response(R1, 50) end),
    D = oracle:spawn(dead, fun() -> ok end), oracle:gone(oracle:watch(D)),
    W("dead", gen_server:send_request(D, ping)),
    W("missing", gen_server:send_request(nosuch, ping)),
    W("missing {name,node}", gen_server:send_request({nosuch, node()}, ping)),
    R2 = gen_server:send_request(A, state),
    oracle:do("check strange", fun() -> gen_server:check_response({some, message}, R2) end),
    oracle:do("check reply", fun() -> receive M -> gen_server:check_response(M, R2) end end),
    R3 = gen_server:send_request(A, {error, boom}),
    W("crash", R3),
    {ok, B} = probe:start(b, #{quiet => true}),
    R4 = gen_server:send_request(B, {exit, bang}),
    oracle:do("check down", fun() -> receive M -> gen_server:check_response(M, R4) end end),
    oracle:mailbox().
