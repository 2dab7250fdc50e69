-module(svx_child_adm).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "the child API in all states, for a missing supervisor, and with a pid in place of an id",
      contract => "start_child, terminate_child, restart_child, delete_child, which_children, count_children: results in all states; noproc for a missing supervisor; a pid is no id",
      steps => [
        "main: start supervisor sup, registered as my_sup, with worker w1. Use every function on the running, the stopped, the deleted and an unknown child, by name, with the pid of w1 in place of its id; then on the missing supervisor nosuch and on a dead one."]}.
run() ->
    {ok, S} = tsup:start_reg(my_sup, sup, #{}, [tsup:w(w1)]),
    D = fun(L, F) -> oracle:do(L, F) end,
    All = fun(Sup, Id) ->
        D("restart", fun() -> supervisor:restart_child(Sup, Id) end),
        D("delete", fun() -> supervisor:delete_child(Sup, Id) end),
        D("terminate", fun() -> supervisor:terminate_child(Sup, Id) end),
        D("get_childspec", fun() -> case supervisor:get_childspec(Sup, Id) of {ok, _} -> ok; E -> E end end) end,
    P = oracle:pid('w1.1'),
    oracle:log("by pid"), All(my_sup, P),
    oracle:log("running"), All(my_sup, w1),
    oracle:log("stopped"),
    D("start again", fun() -> supervisor:start_child(my_sup, tsup:w(w1)) end),
    D("terminate", fun() -> supervisor:terminate_child(my_sup, w1) end),
    D("delete", fun() -> supervisor:delete_child(my_sup, w1) end),
    oracle:log("unknown"), All(my_sup, w1),
    oracle:kids(S),
    D("count", fun() -> supervisor:count_children(my_sup) end),
    oracle:log("missing"), All(nosuch, w1),
    D("which_children", fun() -> supervisor:which_children(nosuch) end),
    D("count", fun() -> supervisor:count_children(nosuch) end),
    D("start", fun() -> try supervisor:start_child(nosuch, tsup:w(w1)) catch exit:{R, {gen_server, call, [N, {start_child, _}, infinity]}} -> {R, N} end end),
    unlink(S), exit(S, kill), oracle:settle(),
    D("dead", fun() -> supervisor:which_children(S) end).
