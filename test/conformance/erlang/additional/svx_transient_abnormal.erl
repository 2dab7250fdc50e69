-module(svx_transient_abnormal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a transient child that exits abnormally is restarted",
      contract => "transient child, abnormal exit: restarted",
      steps => [
        "as permanent_abnormal, with a transient worker."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => transient})]),
    gen_server:cast(oracle:pid('w1.1'), {exit, abnormal}), oracle:settle(), oracle:kids(S),
    oracle:do("count", fun() -> supervisor:count_children(S) end).
