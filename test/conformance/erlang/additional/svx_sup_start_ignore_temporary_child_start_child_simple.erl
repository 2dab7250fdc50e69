-module(svx_sup_start_ignore_temporary_child_start_child_simple).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child returning ignore under simple_one_for_one is not kept",
      contract => "the same under simple_one_for_one",
      steps => [
        "main: start supervisor sup (simple_one_for_one, temporary children); do `start ignore`, `start w`; do which_children; do `count`."]}.
child(ignore) -> ignore;
child(N) -> probe:start_link(N, #{trap => true}).
run() ->
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, restart => temporary, start => {?MODULE, child, []}}]),
    [oracle:do(["start ", atom_to_list(A)], fun() -> supervisor:start_child(S, [A]) end) || A <- [ignore, w]],
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end).
