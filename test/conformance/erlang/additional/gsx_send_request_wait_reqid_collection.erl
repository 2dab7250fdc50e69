-module(gsx_send_request_wait_reqid_collection).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "wait_response of a request-id collection: requests survive a timeout",
      contract => "the same with wait_response: requests survive a timeout",
      steps => [
        "main: two requests (sleeps 100 and 200) in a collection; wait 20: timeout; wait for both; no_request."]}.
run() ->
    [A, B] = [begin {ok, P} = probe:start(N, #{quiet => true}), P end || N <- [a, b]],
    C1 = gen_server:send_request(A, {sleep, 100}, l1, gen_server:reqids_new()),
    C2 = gen_server:send_request(B, {error, boom}, l2, C1),
    Next = fun(Coll, T) ->
        case gen_server:wait_response(Coll, T, true) of
            {Resp, L, New} -> oracle:log("~ts ~p left ~p", [oracle:fmt(Resp), L, gen_server:reqids_size(New)]), New;
            X -> oracle:log("~p", [X]), Coll end end,
    C3 = Next(C2, 50), C4 = Next(C3, 10), C5 = Next(C4, 1000), Next(C5, 0), Next(C5, infinity),
    oracle:mailbox().
