-module(svx_sup_start_map_simple).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "get_childspec by pid and by id under simple_one_for_one",
      contract => "get_childspec by pid under simple_one_for_one",
      steps => [
        "main: start supervisor sup (simple_one_for_one, id c, transient, shutdown 100); start_child a; do `by pid`, `by id`, `by main`: {id,restart,shutdown,type} of get_childspec."]}.
child(N) -> probe:start_link(N, #{trap => true}).
run() ->
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, restart => transient, shutdown => 100, start => {?MODULE, child, []}}]),
    supervisor:start_child(S, [a]),
    Get = fun(L, X) -> oracle:do(L, fun() ->
        case supervisor:get_childspec(S, X) of
            {ok, #{id := I, restart := R, shutdown := D, type := T}} -> {I, R, D, T};
            E -> E end end) end,
    Get("by pid", oracle:pid(a)), Get("by id", c), Get("by main", self()).
