-module(svx_permanent_abnormal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a permanent child that exits abnormally is restarted",
      contract => "permanent child, abnormal exit: restarted",
      steps => [
        "main: start supervisor sup (intensity 5) with worker w1; cast {exit,abnormal}, settle, do which_children; do `count`."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => permanent})]),
    gen_server:cast(oracle:pid('w1.1'), {exit, abnormal}), oracle:settle(), oracle:kids(S),
    oracle:do("count", fun() -> supervisor:count_children(S) end).
