-module(svx_sup_start_ignore_child).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a permanent child returning ignore is kept with pid undefined, and the next one starts",
      contract => "a permanent child returning ignore is kept with pid undefined, the next one starts; counts [2,1,0,2]",
      steps => [
        "main: start supervisor sup (one_for_one) without children; do `start i1`: start_child of i1 whose init returns ignore; do `start w2`; do which_children; do `count`."]}.
run() ->
    {ok, S} = tsup:start(sup, #{}, []),
    oracle:do("start i1", fun() -> supervisor:start_child(S, tsup:w(i1, #{init => fun() -> ignore end})) end),
    oracle:do("start w2", fun() -> supervisor:start_child(S, tsup:w(w2)) end),
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end).
