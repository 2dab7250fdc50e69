-module(svx_significant_bystander).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "significant children terminated because a sibling failed do not trigger the automatic shutdown",
      contract => "significant children terminated because a sibling failed do not trigger",
      steps => [
        "main traps exits; for one_for_all and rest_for_one, any_significant and all_significant: start supervisor sup (intensity 3) with quiet w1 (permanent), w2 (transient, significant), w3 (temporary, significant); kill w1; settle; do which_children; do `alive`."]}.
run() ->
    process_flag(trap_exit, true),
    [begin
         [X, Y, Z] = Ids,
         {ok, S} = tsup:start(sup, #{strategy => St, auto_shutdown => A, intensity => 3},
             [tsup:w(X, #{quiet => true}), tsup:w(Y, #{quiet => true, restart => transient, significant => true}),
              tsup:w(Z, #{quiet => true, restart => temporary, significant => true})]),
         exit(oracle:pid(list_to_atom(lists:concat([X, ".1"]))), kill), oracle:settle(),
         oracle:kids(S), oracle:do("alive", fun() -> is_process_alive(S) end)
     end || {St, A, Ids} <- [{one_for_all, any_significant, [a, b, c]}, {rest_for_one, any_significant, [d, e, f]},
                             {one_for_all, all_significant, [g, h, i]}, {rest_for_one, all_significant, [j, k, l]}]],
    oracle:mailbox().
