-module(svx_permanent_normal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a permanent child that exits with normal is restarted",
      contract => "permanent child, exit normal: restarted",
      steps => [
        "main: start supervisor sup (one_for_one, intensity 5) with worker w1 (permanent); cast {stop,normal}; settle; do which_children; do `count`."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => permanent})]),
    gen_server:cast(oracle:pid('w1.1'), {stop, normal}), oracle:settle(), oracle:kids(S),
    oracle:do("count", fun() -> supervisor:count_children(S) end).
