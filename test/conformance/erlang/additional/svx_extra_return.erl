-module(svx_extra_return).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "{ok,Pid,Info} of a start function is passed through by start_child and restart_child, and restarts work",
      contract => "{ok,Pid,Info} from a start function is passed through by start_child and restart_child; restart works",
      steps => [
        "main: start supervisor sup (intensity 5) with worker w1 whose start function returns {ok,Pid,extra}; do which_children; cast {exit,boom}, settle; do which_children; do `terminate`, `restart`, `terminate`, `delete`, `start`; do which_children."]}.
run() ->
    F = fun() -> {ok, P} = probe:child(w1, #{trap => true}), {ok, P, extra} end,
    Spec = #{id => w1, start => {erlang, apply, [F, []]}},
    {ok, S} = tsup:start(sup, #{intensity => 5}, [Spec]),
    D = fun(L, A) -> oracle:do(L, A) end,
    oracle:kids(S), gen_server:cast(oracle:pid('w1.1'), {exit, boom}), oracle:settle(), oracle:kids(S),
    D("terminate", fun() -> supervisor:terminate_child(S, w1) end),
    D("restart", fun() -> supervisor:restart_child(S, w1) end),
    D("terminate", fun() -> supervisor:terminate_child(S, w1) end),
    D("delete", fun() -> supervisor:delete_child(S, w1) end),
    D("start", fun() -> supervisor:start_child(S, Spec) end), oracle:kids(S).
