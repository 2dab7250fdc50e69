-module(svx_significant_temporary).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "significant temporary children: any end of their own triggers, terminate_child does not",
      contract => "any_significant and all_significant with temporary children: kill, abnormal and normal ends trigger, terminate_child does not",
      steps => [
        "main traps exits. For each way to end (stop normal, stop shutdown, exit boom, exit signal kill): start supervisor sup (any_significant) with quiet w1 (temporary, significant), w2 (temporary, significant), w3 (permanent); end w1; receive one message and log it.",
        "main: the same with all_significant: end w1, settle, do `alive`; terminate_child w2: do `alive`. Again with both ended by themselves: receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    G = #{restart => temporary, significant => true, quiet => true},
    Start = fun(A, [X, Y, Z]) -> {ok, S} = tsup:start(sup, #{auto_shutdown => A}, [tsup:w(X, G), tsup:w(Y, G), tsup:w(Z, #{quiet => true})]), S end,
    One = fun(I) -> oracle:pid(list_to_atom(lists:concat([I, ".1"]))) end,
    End = fun(I, kill) -> exit(One(I), kill); (I, M) -> gen_server:cast(One(I), M) end,
    [begin Start(any_significant, Ids), End(hd(Ids), M), oracle:recv() end
     || {M, Ids} <- [{{stop, normal}, [a, b, c]}, {{stop, shutdown}, [d, e, f]}, {{exit, boom}, [g, h, i]}, {kill, [j, k, l]}]],
    S1 = Start(all_significant, [m, n, o]),
    Alive = fun(S) -> oracle:do("alive", fun() -> is_process_alive(S) end) end,
    End(m, {stop, normal}), oracle:settle(), Alive(S1), supervisor:terminate_child(S1, n), Alive(S1), oracle:kids(S1),
    S2 = Start(all_significant, [p, q, r]),
    End(p, {exit, boom}), oracle:settle(), Alive(S2), End(q, kill), oracle:recv(),
    S3 = Start(any_significant, [s, t, u]),
    supervisor:terminate_child(S3, s), Alive(S3), End(t, {stop, normal}), oracle:recv().
