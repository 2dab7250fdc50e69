-module(svx_simple_one_for_one).
-export([meta/0, run/0, child/2]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "simple_one_for_one: one of two dynamic children is restarted with its arguments, and the limit ends the supervisor",
      contract => "restart of one of two dynamic children; the limit ends the supervisor",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, intensity 1) with dynamic workers a and b; kill a.1, settle; do which_children sorted by pid; kill a.2; receive one message and log it."]}.
child(base, N) -> probe:child(N, #{trap => true}).
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, start => {?MODULE, child, [base]}}]),
    supervisor:start_child(S, [a]), supervisor:start_child(S, [b]),
    exit(oracle:pid('a.1'), kill), oracle:settle(),
    oracle:do("which_children", fun() -> lists:sort([lists:flatten(oracle:fmt(P)) || {_, P, _, _} <- supervisor:which_children(S)]), length(supervisor:which_children(S)) end),
    oracle:do("alive b", fun() -> is_process_alive(oracle:pid('b.1')) end),
    exit(oracle:pid('a.2'), kill), oracle:recv().
