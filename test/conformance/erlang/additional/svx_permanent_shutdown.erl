-module(svx_permanent_shutdown).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a permanent child that exits with shutdown or {shutdown,_} is restarted",
      contract => "permanent child, exit shutdown or {shutdown,_}: restarted",
      steps => [
        "main: start supervisor sup (intensity 5) with worker w1; cast {stop,shutdown}, settle, do which_children; cast {stop,{shutdown,x}}, settle, do which_children."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => permanent})]),
    gen_server:cast(oracle:pid('w1.1'), {stop, shutdown}), oracle:settle(), oracle:kids(S),
    gen_server:cast(oracle:pid('w1.2'), {stop, {shutdown, x}}), oracle:settle(), oracle:kids(S).
