-module(svx_temporary_normal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child that exits with normal is not restarted, and its specification is removed",
      contract => "temporary child, exit normal: not restarted, specification removed",
      steps => [
        "as permanent_normal, with a temporary worker; do `restart`."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => temporary})]),
    gen_server:cast(oracle:pid('w1.1'), {stop, normal}), oracle:settle(), oracle:kids(S),
    oracle:do("count", fun() -> supervisor:count_children(S) end),
    oracle:do("restart", fun() -> supervisor:restart_child(S, w1) end).
