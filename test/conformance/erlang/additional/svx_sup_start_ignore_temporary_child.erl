-module(svx_sup_start_ignore_temporary_child).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child returning ignore in the initial list is not kept",
      contract => "a temporary child returning ignore in the initial list is not kept",
      steps => [
        "main: start supervisor sup with i1 (temporary, init returns ignore) and w2; do which_children; do `count`."]}.
run() ->
    {ok, S} = tsup:start(sup, #{}, [tsup:w(i1, #{restart => temporary, init => fun() -> ignore end}), tsup:w(w2)]),
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end).
