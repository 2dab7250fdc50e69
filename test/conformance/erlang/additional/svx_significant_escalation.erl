-module(svx_significant_escalation).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "the automatic shutdown of a significant child supervisor triggers the one above, of a non-significant one does not",
      contract => "an automatic shutdown of a significant child supervisor triggers the one above, of a non-significant one does not",
      steps => [
        "main traps exits; start supervisor top (any_significant) with in (supervisor mid, any_significant, of quiet worker a, transient significant), transient significant; and quiet worker b; cast {stop,normal} to a; receive one message and log it. The same with in transient, not significant: settle; do which_children; do `alive`."]}.
run() ->
    process_flag(trap_exit, true),
    Any = #{auto_shutdown => any_significant},
    G = #{restart => transient, significant => true, quiet => true},
    In = fun(Sig, X) -> #{id => in, type => supervisor, restart => transient, significant => Sig, start => {tsup, start, [mid, Any, [tsup:w(X, G)]]}} end,
    tsup:start(top, Any, [In(true, a), tsup:w(b, #{quiet => true})]),
    gen_server:cast(oracle:pid('a.1'), {stop, normal}), oracle:recv(),
    {ok, T} = tsup:start(top, Any, [In(false, c), tsup:w(d, #{quiet => true})]),
    gen_server:cast(oracle:pid('c.1'), {stop, normal}), oracle:settle(),
    oracle:kids(T), oracle:do("alive", fun() -> is_process_alive(T) end), oracle:mailbox().
