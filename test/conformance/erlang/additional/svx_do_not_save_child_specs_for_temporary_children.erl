-module(svx_do_not_save_child_specs_for_temporary_children).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "specifications of temporary children are gone after any kind of end, those of others are kept, for all strategies",
      contract => "specifications of temporary children are gone after any kind of end, those of others are kept, for all strategies",
      steps => [
        "main: for each strategy but simple_one_for_one: start supervisor sup (intensity 5) with quiet w1 (temporary), w2 (temporary), w3 (temporary), w4 (transient), w5 (permanent); cast {stop,normal} to w1 and settle; kill w2 and settle; terminate_child w3; cast {stop,normal} to w4 and settle; terminate_child w5; do which_children."]}.
run() ->
    [begin
         [W1, W2, W3, W4, W5] = Ids,
         Q = fun(I, R) -> tsup:w(I, #{quiet => true, restart => R}) end,
         One = fun(I) -> oracle:pid(list_to_atom(lists:concat([I, ".1"]))) end,
         {ok, S} = tsup:start(sup, #{strategy => St, intensity => 5},
             [Q(W1, temporary), Q(W2, temporary), Q(W3, temporary), Q(W4, transient), Q(W5, permanent)]),
         gen_server:cast(One(W1), {stop, normal}), oracle:settle(),
         exit(One(W2), kill), oracle:settle(),
         supervisor:terminate_child(S, W3), gen_server:cast(One(W4), {stop, normal}), oracle:settle(),
         supervisor:terminate_child(S, W5), oracle:kids(S)
     end || {St, Ids} <- [{one_for_one, [a1, a2, a3, a4, a5]}, {one_for_all, [b1, b2, b3, b4, b5]}, {rest_for_one, [c1, c2, c3, c4, c5]}]].
