-module(pgx_order).
-export([meta/0, run/0]).
meta() ->
    #{group => pg, area => 'pg-members',
      title => "the order of members and of farewells, and messages that a scope does not know",
      contract => "Members are listed the newest first, those that joined together in their order; a leave takes out the newest entry. A process that dies leaves its groups in the reverse order of joining, once for each time. which_groups of a scope that is not there fails; a message that a scope does not know ends it.",
      steps => ["See erlang/additional/pgx_order.erl."]}.
run() ->
    {ok, S} = pg:start(sc),
    oracle:name(S, scope),
    [A, B, C] = [oracle:idle(N) || N <- [a, b, c]],
    Mem = fun() -> oracle:do("get_members", fun() -> pg:get_members(sc, g1) end) end,
    pg:join(sc, g1, A), pg:join(sc, g1, B), pg:join(sc, g1, [C, A]), Mem(),
    pg:leave(sc, g1, A), Mem(),
    pg:join(sc, g1, A), pg:leave(sc, g1, [A, C]), Mem(),
    pg:join(sc, g1, [A, A, C]), Mem(),
    pg:join(sc, g2, [A, C]), pg:join(sc, g1, [C, A]), pg:join(sc, g3, A), pg:leave(sc, g1, [A]),
    oracle:do("monitor", fun() -> {_, Pids} = pg:monitor(sc, g1), Pids end),
    pg:monitor_scope(sc),
    exit(A, kill), oracle:mailbox(), Mem(),
    oracle:do("suspend", fun() -> sys:suspend(S) end),
    exit(C, kill), oracle:settle(), Mem(),
    oracle:do("resume", fun() -> R = sys:resume(S), oracle:settle(), R end),
    oracle:mailbox(), Mem(),
    oracle:do("groups of no scope", fun() -> pg:which_groups(nobody) end),
    oracle:do("members of no scope", fun() -> pg:get_members(nobody, g1) end),
    W = oracle:watch(S), S ! hello, oracle:settle(),
    oracle:do("alive", fun() -> is_process_alive(S) end),
    oracle:do("groups", fun() -> pg:which_groups(sc) end), oracle:down(W).
