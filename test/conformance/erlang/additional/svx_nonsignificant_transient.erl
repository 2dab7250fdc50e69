-module(svx_nonsignificant_transient).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "the end of a non-significant transient child never triggers an automatic shutdown; it is restarted when it fails",
      contract => "the same for a transient child, which is restarted when it fails",
      steps => [
        "main: for any_significant and all_significant: start supervisor sup (that auto_shutdown, intensity 3) with quiet transient workers a, b, c; cast {stop,normal} to a, {stop,shutdown} to b, {exit,boom} to c; settle; do which_children; do `alive`."]}.
run() ->
    [begin
         {ok, S} = tsup:start(sup, #{auto_shutdown => A, intensity => 3}, [tsup:w(I, #{restart => transient, quiet => true}) || I <- Is]),
         [gen_server:cast(oracle:pid(list_to_atom(lists:concat([I, ".1"]))), M) || {I, M} <- lists:zip(Is, [{stop, normal}, {stop, shutdown}, {exit, boom}])],
         oracle:settle(), oracle:kids(S), oracle:do("alive", fun() -> is_process_alive(S) end)
     end || {A, Is} <- [{any_significant, [a, b, c]}, {all_significant, [d, e, f]}]].
