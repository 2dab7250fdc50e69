-module(svx_simple_one_for_one_extra).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "simple_one_for_one: {ok,Pid,Info} from dynamic children, and restarts",
      contract => "{ok,Pid,Info} from dynamic children; restarts",
      steps => [
        "main: start supervisor sup (simple_one_for_one, intensity 3) whose start function returns {ok,Pid,{info,N}}; do `start a`, `start b`; kill a.1, settle; do `count`; do `alive a.2`."]}.
child(N) -> {ok, P} = probe:child(N, #{trap => true}), {ok, P, {info, N}}.
run() ->
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one, intensity => 3}, [#{id => c, start => {?MODULE, child, []}}]),
    [oracle:do(["start ", atom_to_list(N)], fun() -> supervisor:start_child(S, [N]) end) || N <- [a, b]],
    exit(oracle:pid('a.1'), kill), oracle:settle(),
    oracle:do("count", fun() -> supervisor:count_children(S) end),
    oracle:do("alive a.2", fun() -> is_process_alive(oracle:pid('a.2')) end).
