-module(gsx_terminate_crash_format).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a crash in terminate is the exit reason",
      contract => "a crash in terminate is reported with the formatted state, and the exit reason is the one of terminate",
      steps => [
        "main: for each way to fail in terminate (exit other, error boom, throw ball, return anything): start a probe, watch it, do `call {stop,normal}`, log its death. Then the same with {stop,done,bye}: the reply is sent although terminate fails."]}.
run() ->
    Go = fun(N, T, Req) ->
        {ok, P} = probe:start(N, #{quiet => true, terminate => T}), W = oracle:watch(P),
        oracle:do(["call ", atom_to_list(N)], fun() -> gen_server:call(P, Req) end), oracle:down(W) end,
    Ways = [{a, fun(_, _) -> exit(other) end}, {b, fun(_, _) -> error(boom) end},
            {c, fun(_, _) -> throw(ball) end}, {d, fun(_, _) -> anything end}],
    [Go(N, T, {stop, normal}) || {N, T} <- Ways],
    [Go(list_to_atom(atom_to_list(N) ++ "2"), T, {stop, done, bye}) || {N, T} <- Ways].
