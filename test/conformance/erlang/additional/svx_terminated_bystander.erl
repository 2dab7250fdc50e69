-module(svx_terminated_bystander).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sup-suite',
      title => "children that were terminated, when another one crashes",
      contract => "A restart of several children starts terminated ones among them as well; a restart of one leaves them.",
      steps => ["See erlang/additional/svx_terminated_bystander.erl."]}.
run() ->
    [strategy(S) || S <- [one_for_one, rest_for_one, one_for_all]].

strategy(Strategy) ->
    [W1, W2, W3] = [list_to_atom(lists:concat([Strategy, N])) || N <- [1, 2, 3]],
    {ok, S} = tsup:start(sup, #{strategy => Strategy, intensity => 5}, [tsup:w(W) || W <- [W1, W2, W3]]),
    Crash = fun(W, N) -> gen_server:cast(oracle:pid(list_to_atom(lists:concat([W, ".", N]))), {exit, boom}), oracle:settle() end,
    supervisor:terminate_child(S, W2),
    Crash(W1, 1), oracle:kids(S),
    supervisor:terminate_child(S, W3), supervisor:terminate_child(S, W1), oracle:kids(S),
    {ok, P} = supervisor:restart_child(S, W3),
    gen_server:cast(P, {exit, boom}), oracle:settle(), oracle:kids(S).
