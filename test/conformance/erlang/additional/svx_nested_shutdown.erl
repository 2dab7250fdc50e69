-module(svx_nested_shutdown).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sup-suite',
      title => "shutdown of a supervisor below another one",
      contract => "terminate_child of a supervisor waits for its whole tree, with brutal_kill not at all; a time-out of the outer one kills the inner one, whose children end with it.",
      steps => ["See erlang/additional/svx_nested_shutdown.erl."]}.
run() ->
    process_flag(trap_exit, true),
    Slow = fun(_, _) -> oracle:sleep(60) end,
    Inner = fun(Id, Shutdown) -> #{id => Id, type => supervisor, shutdown => Shutdown, start => {tsup, start,
        [Id, #{}, [tsup:w(list_to_atom(lists:concat([Id, "_", w])), #{terminate => Slow})]]}} end,
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1), Inner(a, infinity), Inner(b, brutal_kill), Inner(c, 20)]),
    [begin
        W = oracle:watch(oracle:pid(list_to_atom(lists:concat([Id, "_w.1"])))),
        oracle:do(lists:concat(["terminate ", Id]), fun() ->
            R = supervisor:terminate_child(S, Id), oracle:settle(), R end),
        oracle:down(W)
     end || Id <- [a, b, c]],
    oracle:kids(S),
    oracle:do("restart a", fun() -> supervisor:restart_child(S, a) end),
    exit(S, shutdown), oracle:mailbox(), oracle:settle(), oracle:mailbox().
