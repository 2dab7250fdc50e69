-module(svx_nonsignificant_temporary).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "the end of a non-significant temporary child never triggers an automatic shutdown",
      contract => "the end of a non-significant temporary child never triggers an automatic shutdown",
      steps => [
        "main: for any_significant and all_significant: start supervisor sup (that auto_shutdown) with quiet temporary workers a, b, c; cast {stop,normal} to a, {stop,shutdown} to b, {exit,boom} to c; settle; do which_children; do `alive`."]}.
run() ->
    [begin
         {ok, S} = tsup:start(sup, #{auto_shutdown => A}, [tsup:w(I, #{restart => temporary, quiet => true}) || I <- [a, b, c]]),
         [gen_server:cast(oracle:pid(list_to_atom(lists:concat([I, ".", N]))), M) || {I, M} <- [{a, {stop, normal}}, {b, {stop, shutdown}}, {c, {exit, boom}}]],
         oracle:settle(), oracle:kids(S), oracle:do("alive", fun() -> is_process_alive(S) end)
     end || {A, N} <- [{any_significant, 1}, {all_significant, 2}]].
