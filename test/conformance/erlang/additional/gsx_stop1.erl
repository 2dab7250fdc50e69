-module(gsx_stop1).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "stop(Pid) returns ok, the process is dead afterwards, stopping it again exits with noproc",
      contract => "stop(Pid) returns ok, the process is dead afterwards, stopping it again exits with noproc",
      steps => [
        "main: start probe a; do `stop`, `alive`, `stop again`."]}.
run() ->
    {ok, P} = probe:start(a, #{}),
    oracle:do("stop", fun() -> gen_server:stop(P) end),
    oracle:do("alive", fun() -> is_process_alive(P) end),
    oracle:do("stop again", fun() -> gen_server:stop(P) end).
