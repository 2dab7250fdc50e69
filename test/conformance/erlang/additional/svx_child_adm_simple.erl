-module(svx_child_adm_simple).
-export([meta/0, run/0, child/1]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "the child API under simple_one_for_one",
      contract => "the same functions under simple_one_for_one",
      steps => [
        "main: start supervisor sup (simple_one_for_one); no child; start a and b; which_children and count; terminate_child by id and pid, restart_child, delete_child, get_childspec; start_child with a specification in place of a list of arguments."]}.
child(N) -> probe:start_link(N, #{trap => true}).
run() ->
    {ok, S} = tsup:start(sup, #{strategy => simple_one_for_one}, [#{id => c, start => {?MODULE, child, []}}]),
    D = fun(L, F) -> oracle:do(L, F) end,
    D("which_children", fun() -> supervisor:which_children(S) end),
    D("count", fun() -> supervisor:count_children(S) end),
    D("start a", fun() -> supervisor:start_child(S, [a]) end),
    D("start b", fun() -> supervisor:start_child(S, [b]) end),
    D("count", fun() -> supervisor:count_children(S) end),
    D("restart id", fun() -> supervisor:restart_child(S, c) end),
    D("restart pid", fun() -> supervisor:restart_child(S, oracle:pid(a)) end),
    D("delete id", fun() -> supervisor:delete_child(S, c) end),
    D("delete pid", fun() -> supervisor:delete_child(S, oracle:pid(a)) end),
    D("terminate id", fun() -> supervisor:terminate_child(S, c) end),
    D("terminate a", fun() -> supervisor:terminate_child(S, oracle:pid(a)) end),
    D("terminate a", fun() -> supervisor:terminate_child(S, oracle:pid(a)) end),
    D("count", fun() -> supervisor:count_children(S) end),
    D("terminate b", fun() -> supervisor:terminate_child(S, oracle:pid(b)) end),
    D("which_children", fun() -> supervisor:which_children(S) end).
