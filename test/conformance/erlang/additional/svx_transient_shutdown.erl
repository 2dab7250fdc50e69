-module(svx_transient_shutdown).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a transient child that exits with shutdown or {shutdown,_} is not restarted",
      contract => "transient child, exit shutdown or {shutdown,_}: not restarted",
      steps => [
        "main: start supervisor sup (intensity 5) with transient worker w1; cast {stop,shutdown}, settle, do which_children; do `restart`; cast {stop,{shutdown,x}}, settle, do which_children."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => transient})]),
    gen_server:cast(oracle:pid('w1.1'), {stop, shutdown}), oracle:settle(), oracle:kids(S),
    oracle:do("restart", fun() -> supervisor:restart_child(S, w1) end),
    gen_server:cast(oracle:pid('w1.2'), {stop, {shutdown, x}}), oracle:settle(), oracle:kids(S).
