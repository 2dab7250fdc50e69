-module(svx_significant_simple).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "automatic shutdown under simple_one_for_one, in both modes",
      contract => "both modes under simple_one_for_one",
      steps => [
        "main traps exits; start supervisor sup (simple_one_for_one, any_significant; transient significant quiet children) with a, b; cast {stop,normal} to a; receive one message and log it. The same with all_significant and c, d: end c, settle, do `alive`; end d; receive one message and log it."]}.
child(N) -> probe:start_link(N, #{trap => true, quiet => true}).
run() ->
    process_flag(trap_exit, true),
    Start = fun(A, Ns) ->
        {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one, auto_shutdown => A, intensity => 3},
                             [#{id => c, restart => transient, significant => true, start => {?MODULE, child, []}}]),
        [supervisor:start_child(S, [N]) || N <- Ns], S end,
    Start(any_significant, [a, b]), gen_server:cast(oracle:pid(a), {stop, normal}), oracle:recv(),
    S = Start(all_significant, [c, d]), gen_server:cast(oracle:pid(c), {stop, normal}), oracle:settle(),
    oracle:do("alive", fun() -> is_process_alive(S) end),
    gen_server:cast(oracle:pid(d), {stop, normal}), oracle:recv().
