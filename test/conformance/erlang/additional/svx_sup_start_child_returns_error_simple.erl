-module(svx_sup_start_child_returns_error_simple).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "under simple_one_for_one a failing start gives {error,R}, and nothing is kept",
      contract => "under simple_one_for_one: {error,R}, nothing is kept",
      steps => [
        "main: start supervisor sup (simple_one_for_one); do `error`, `garbage`, `raise`, `exit`: start_child; do which_children; do `count`."]}.
child(error) -> {error, refused};
child(garbage) -> garbage;
child(raise) -> error(boom);
child(exit) -> exit(bang).
run() ->
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, start => {?MODULE, child, []}}]),
    [oracle:do(atom_to_list(A), fun() -> supervisor:start_child(S, [A]) end) || A <- [error, garbage, raise, exit]],
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end).
