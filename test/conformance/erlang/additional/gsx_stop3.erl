-module(gsx_stop3).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "stop with an invalid timeout raises and leaves the server alive",
      contract => "stop with an invalid timeout raises and leaves the server alive",
      steps => [
        "main: start probe a; do `stop soon`: stop(a,normal,soon), the result being raised if it raises anything; do `alive`; do `stop -1`; do `alive`; do `call`."]}.
run() ->
    {ok, P} = probe:start(a, #{}),
    [begin
         oracle:do(io_lib:format("stop ~p", [T]), fun() -> try gen_server:stop(P, normal, T) catch _:_ -> raised end end),
         oracle:do("alive", fun() -> is_process_alive(P) end)
     end || T <- [soon, -1]],
    oracle:do("call", fun() -> gen_server:call(P, ping) end).
