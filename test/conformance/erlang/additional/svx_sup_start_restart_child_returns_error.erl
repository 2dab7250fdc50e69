-module(svx_sup_start_restart_child_returns_error).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "restart_child whose start fails gives {error,R}, and the child stays with pid undefined",
      contract => "restart_child whose start fails gives {error,R}, the child stays with pid undefined",
      steps => [
        "Worker w1 fails in its second start ({error,refused}) and raises error boom in its third. main: start supervisor sup with it; terminate_child; do `restart` twice; do which_children; do `restart` again."]}.
run() ->
    C = counters:new(1, []),
    F = fun() -> counters:add(C, 1, 1),
        case counters:get(C, 1) of 2 -> {error, refused}; 3 -> error(boom); _ -> probe:child(w1, #{trap => true}) end end,
    {ok, S} = tsup:start(sup, #{}, [#{id => w1, start => {erlang, apply, [F, []]}}]),
    supervisor:terminate_child(S, w1),
    R = fun() -> oracle:do("restart", fun() -> supervisor:restart_child(S, w1) end) end,
    R(), R(), oracle:kids(S), R().
