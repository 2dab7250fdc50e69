-module(svx_sup_start_ignore_temporary_child_start_child).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child returning ignore in start_child is not kept",
      contract => "the same via start_child",
      steps => [
        "main: start supervisor sup; do `start i1`: start_child of i1 (temporary, init returns ignore); do `start w2`; do which_children; do `count`."]}.
run() ->
    {ok, S} = tsup:start(sup, #{}, []),
    oracle:do("start i1", fun() -> supervisor:start_child(S, tsup:w(i1, #{restart => temporary, init => fun() -> ignore end})) end),
    oracle:do("start w2", fun() -> supervisor:start_child(S, tsup:w(w2)) end),
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end).
