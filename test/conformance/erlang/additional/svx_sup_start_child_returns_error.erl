-module(svx_sup_start_child_returns_error).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "start_child whose start fails or returns garbage gives {error,{R,_}}, and nothing is kept",
      contract => "start_child whose start returns {error,R} or garbage gives {error,{R,_}}, nothing is kept",
      steps => [
        "main: start supervisor sup; do `error`: a start function returning {error,refused}; `garbage`: returning garbage; `exit`: exiting with bang; `throw`: throwing ball; `throw ok`: throwing ignore; do which_children; do `alive`."]}.
run() ->
    {ok, S} = tsup:start(sup, #{}, []),
    [oracle:do(L, fun() -> supervisor:start_child(S, #{id => c, start => {erlang, apply, [F, []]}}) end)
     || {L, F} <- [{"error", fun() -> {error, refused} end}, {"garbage", fun() -> garbage end},
                   {"exit", fun() -> exit(bang) end}, {"throw", fun() -> throw(ball) end}]],
    oracle:kids(S), oracle:do("alive", fun() -> is_process_alive(S) end).
