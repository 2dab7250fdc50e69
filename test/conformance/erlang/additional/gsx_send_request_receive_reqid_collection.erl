-module(gsx_send_request_receive_reqid_collection).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "receive_response of a request-id collection",
      contract => "request-id collections with receive_response: answers in order of completion, absolute deadline, abandoned requests, error entries",
      steps => [
        "main: three requests to three quiet probes (sleeps 120, 40, 80) in a collection; size; receive them one by one (deleting); no_request on the empty one. Then a collection with a dead server and one too slow for its deadline; log the mailbox."]}.
run() ->
    [A, B, C] = [begin {ok, P} = probe:start(N, #{quiet => true}), P end || N <- [a, b, c]],
    C0 = gen_server:reqids_new(),
    oracle:do("empty size", fun() -> gen_server:reqids_size(C0) end),
    oracle:do("empty receive", fun() -> gen_server:receive_response(C0, 100, true) end),
    C1 = gen_server:send_request(A, {sleep, 120}, l1, C0),
    C2 = gen_server:send_request(B, {sleep, 40}, l2, C1),
    C3 = gen_server:reqids_add(gen_server:send_request(C, {sleep, 80}), l3, C2),
    oracle:do("size", fun() -> gen_server:reqids_size(C3) end),
    oracle:do("labels", fun() -> lists:sort([L || {_, L} <- gen_server:reqids_to_list(C3)]) end),
    Next = fun(Coll, Del) ->
        case gen_server:receive_response(Coll, 1000, Del) of
            {Resp, L, New} -> oracle:log("~ts ~p left ~p", [oracle:fmt(Resp), L, gen_server:reqids_size(New)]), New;
            X -> oracle:log("~p", [X]), Coll end end,
    C4 = Next(C3, true), C5 = Next(C4, false), C6 = Next(C5, true), Next(C6, true),
    D = oracle:spawn(dead, fun() -> ok end), oracle:gone(oracle:watch(D)),
    E1 = gen_server:send_request(D, ping, dead, gen_server:reqids_new()),
    E2 = gen_server:send_request(A, {sleep, 200}, slow, E1),
    E3 = Next(E2, true),
    oracle:do("deadline", fun() -> gen_server:receive_response(E3, {abs, erlang:monotonic_time(millisecond) + 30}, true) end),
    oracle:sleep(250), oracle:mailbox().
