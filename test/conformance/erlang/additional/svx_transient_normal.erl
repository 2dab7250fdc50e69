-module(svx_transient_normal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a transient child that exits with normal is not restarted, and its specification is kept",
      contract => "transient child, exit normal: not restarted, specification kept",
      steps => [
        "as permanent_normal, with a transient worker; do `restart`."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => transient})]),
    gen_server:cast(oracle:pid('w1.1'), {stop, normal}), oracle:settle(), oracle:kids(S),
    oracle:do("count", fun() -> supervisor:count_children(S) end),
    oracle:do("restart", fun() -> supervisor:restart_child(S, w1) end).
