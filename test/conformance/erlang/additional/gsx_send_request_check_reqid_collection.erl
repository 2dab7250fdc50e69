-module(gsx_send_request_check_reqid_collection).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "check_response of a request-id collection, on messages taken by the caller",
      contract => "the same with check_response on messages taken from the mailbox by the caller",
      steps => [
        "main: two requests in a collection; check_response of a strange message (no_reply), then of the messages as they come; no_request when it is empty."]}.
run() ->
    [A, B] = [begin {ok, P} = probe:start(N, #{quiet => true}), P end || N <- [a, b]],
    C1 = gen_server:send_request(A, {sleep, 100}, l1, gen_server:reqids_new()),
    C2 = gen_server:send_request(B, {exit, bang}, l2, C1),
    Next = fun(M, Coll) ->
        case gen_server:check_response(M, Coll, true) of
            {Resp, L, New} -> oracle:log("~ts ~p left ~p", [oracle:fmt(Resp), L, gen_server:reqids_size(New)]), New;
            X -> oracle:log("~p", [X]), Coll end end,
    C3 = Next(strange, C2),
    C4 = receive M1 -> Next(M1, C3) end,
    C5 = receive M2 -> Next(M2, C4) end,
    Next(strange, C5), oracle:mailbox().
