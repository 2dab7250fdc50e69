-module(svx_temporary_abnormal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child that exits abnormally is not restarted, and removed",
      contract => "temporary child, abnormal exit: not restarted, removed",
      steps => [
        "as permanent_abnormal, with a temporary worker."]}.
run() -> {ok, S} = tsup:start(sup, #{intensity => 5}, [tsup:w(w1, #{restart => temporary})]),
    gen_server:cast(oracle:pid('w1.1'), {exit, abnormal}), oracle:settle(), oracle:kids(S),
    oracle:do("count", fun() -> supervisor:count_children(S) end).
