-module(svx_sup_start_ignore_permanent_child_start_child_simple).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a permanent child returning ignore under simple_one_for_one is not kept, and the shutdown works",
      contract => "a permanent child returning ignore under simple_one_for_one is not kept; shutdown works",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, permanent children); do `start ignore`, `start w`; do which_children; do `count`; exit(sup,shutdown); receive one message and log it."]}.
child(ignore) -> ignore;
child(N) -> probe:start_link(N, #{trap => true}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, restart => permanent, start => {?MODULE, child, []}}]),
    [oracle:do(["start ", atom_to_list(A)], fun() -> supervisor:start_child(S, [A]) end) || A <- [ignore, w]],
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end),
    exit(S, shutdown), oracle:recv().
