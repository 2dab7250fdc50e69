-module(svx_temporary_shutdown).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child that exits with shutdown or {shutdown,_} is not restarted, and removed",
      contract => "temporary child, exit shutdown or {shutdown,_}: not restarted, removed",
      steps => [
        "main: start supervisor sup with temporary workers w1, w2; cast {stop,shutdown} to w1, settle, do which_children; cast {stop,{shutdown,x}} to w2, settle, do which_children."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => temporary}), tsup:w(w2, #{restart => temporary})]),
    gen_server:cast(oracle:pid('w1.1'), {stop, shutdown}), oracle:settle(), oracle:kids(S),
    gen_server:cast(oracle:pid('w2.1'), {stop, {shutdown, x}}), oracle:settle(), oracle:kids(S).
