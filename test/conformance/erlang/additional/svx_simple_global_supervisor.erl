-module(svx_simple_global_supervisor).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a registered supervisor and worker are registered again when they are killed or stopped",
      contract => "restart of a globally registered supervisor and worker when killed or stopped",
      steps => [
        "main: start supervisor top (intensity 10) with child in: a supervisor registered as reg_sup (intensity 10) of quiet worker w1 registered as reg_w. For kill and stop of the worker, then of the supervisor: do it by name, settle, and do `again`: are both names taken by living, other processes?"]}.
run() ->
    {ok, _} = tsup:start(top, #{intensity => 10}, [#{id => in, type => supervisor,
        start => {tsup, start_reg, [reg_sup, mid, #{intensity => 10}, [tsup:w(w1, #{quiet => true, reg => reg_w})]]}}]),
    Round = fun(L, N, F) ->
        Old = whereis(N), F(Old), oracle:settle(),
        oracle:do(L, fun() -> {whereis(N) =/= Old, is_process_alive(whereis(reg_w)), is_process_alive(whereis(reg_sup))} end) end,
    Round("kill worker", reg_w, fun(P) -> exit(P, kill) end),
    Round("stop worker", reg_w, fun(P) -> gen_server:stop(P) end),
    Round("kill supervisor", reg_sup, fun(P) -> exit(P, kill) end),
    Round("stop supervisor", reg_sup, fun(P) -> gen_server:stop(P) end).
