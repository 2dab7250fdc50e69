-module(gsx_stop2).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "stop(Pid,Reason,infinity) with another reason returns ok and the process is dead",
      contract => "stop(Pid,Reason,infinity) with another reason returns ok and the process is dead",
      steps => [
        "main: start probes a, b, c; watch each; stop it with reason other, shutdown, {shutdown,x}; do `alive`; log its death."]}.
run() ->
    [begin
         {ok, P} = probe:start(N, #{}), W = oracle:watch(P),
         oracle:do("stop", fun() -> gen_server:stop(P, R, infinity) end),
         oracle:do("alive", fun() -> is_process_alive(P) end), oracle:down(W)
     end || {N, R} <- [{a, other}, {b, shutdown}, {c, {shutdown, x}}]].
