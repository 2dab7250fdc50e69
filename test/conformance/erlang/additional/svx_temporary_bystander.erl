-module(svx_temporary_bystander).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a temporary child terminated by a group restart is not restarted, and the supervisor survives",
      contract => "a temporary child terminated by a group restart is not restarted, and the supervisor survives",
      steps => [
        "main: for one_for_all and rest_for_one: start supervisor sup (intensity 3) with w1 (permanent) and w2 (temporary); kill w1; settle; do which_children; do `alive`. A temporary child that itself fails disturbs nobody."]}.
run() ->
    [begin
         [W1, W2, W3] = Ids,
         {ok, S} = tsup:start(sup, #{strategy => St, intensity => 3}, [tsup:w(W1), tsup:w(W2, #{restart => temporary}), tsup:w(W3)]),
         exit(oracle:pid(list_to_atom(lists:concat([W1, ".1"]))), kill), oracle:settle(),
         oracle:kids(S), oracle:do("alive", fun() -> is_process_alive(S) end)
     end || {St, Ids} <- [{one_for_all, [a, b, c]}, {rest_for_one, [d, e, f]}]],
    {ok, T} = tsup:start(sup, #{strategy => one_for_all, intensity => 3}, [tsup:w(g), tsup:w(h, #{restart => temporary})]),
    exit(oracle:pid('h.1'), kill), oracle:settle(), oracle:kids(T).
