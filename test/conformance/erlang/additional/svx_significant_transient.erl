-module(svx_significant_transient).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "significant transient children: only an orderly end of their own triggers",
      contract => "the same with transient children: only a normal end triggers",
      steps => [
        "main traps exits. For each way to end (stop normal, stop shutdown, stop {shutdown,x}): start supervisor sup (any_significant, intensity 3) with quiet transient significant w1, w2 and permanent w3; end w1; receive one message and log it. With exit boom and kill: settle; do which_children; do `alive`.",
        "main: all_significant: end w1 with normal, settle, do `alive`; end w2 with shutdown; receive one message and log it. Again: end w1 with normal; settle; do `restart w1`; end w2; settle; do `alive`; end w1 again; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    G = #{restart => transient, significant => true, quiet => true},
    Start = fun(A, [X, Y, Z]) -> {ok, S} = tsup:start(sup, #{auto_shutdown => A, intensity => 3}, [tsup:w(X, G), tsup:w(Y, G), tsup:w(Z, #{quiet => true})]), S end,
    One = fun(I) -> oracle:pid(list_to_atom(lists:concat([I, ".1"]))) end,
    End = fun(I, kill) -> exit(One(I), kill); (I, M) -> gen_server:cast(One(I), M) end,
    Alive = fun(S) -> oracle:do("alive", fun() -> is_process_alive(S) end) end,
    [begin Start(any_significant, Ids), End(hd(Ids), M), oracle:recv() end
     || {M, Ids} <- [{{stop, normal}, [a, b, c]}, {{stop, shutdown}, [d, e, f]}, {{stop, {shutdown, x}}, [g, h, i]}]],
    [begin S = Start(any_significant, Ids), End(hd(Ids), M), oracle:settle(), oracle:kids(S), Alive(S) end
     || {M, Ids} <- [{{exit, boom}, [j, k, l]}, {kill, [m, n, o]}]],
    S2 = Start(all_significant, [p, q, r]),
    End(p, {stop, normal}), oracle:settle(), Alive(S2), End(q, {stop, shutdown}), oracle:recv(),
    S3 = Start(all_significant, [s, t, u]),
    End(s, {stop, normal}), oracle:settle(),
    oracle:do("restart s", fun() -> supervisor:restart_child(S3, s) end),
    End(t, {stop, normal}), oracle:settle(), Alive(S3),
    gen_server:cast(oracle:pid('s.2'), {stop, normal}), oracle:recv().
