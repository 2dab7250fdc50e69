-module(svx_child_unlink).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "terminate_child of a child that has unlinked itself does not hang the supervisor",
      contract => "terminate_child of a child that has unlinked itself does not hang the supervisor",
      steps => [
        "main: start supervisor sup with worker w1 whose handle_cast unlinks the supervisor; cast unlink; settle; watch w1; do `terminate`; log its death; do which_children. The same with a worker that unlinked itself and has died: do `terminate`."]}.
run() ->
    U = #{cast => fun({unlink, S}, St) -> unlink(S), {noreply, St}; (_, _) -> default end},
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1, U), tsup:w(w2, U)]),
    [gen_server:cast(oracle:pid(N), {unlink, S}) || N <- ['w1.1', 'w2.1']], oracle:settle(),
    W = oracle:watch(oracle:pid('w1.1')),
    oracle:do("terminate w1", fun() -> supervisor:terminate_child(S, w1) end), oracle:down(W),
    gen_server:cast(oracle:pid('w2.1'), {stop, normal}), oracle:settle(),
    oracle:kids(S),
    oracle:do("terminate w2", fun() -> supervisor:terminate_child(S, w2) end), oracle:kids(S).
