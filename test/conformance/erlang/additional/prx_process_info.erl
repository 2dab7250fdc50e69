-module(prx_process_info).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "process_info: links, monitors, messages, registered_name, trap_exit, dictionary, and a dead process",
      contract => "process_info(Pid,Item) gives {Item,Value}; undefined for a dead process; registered_name without a name is [].",
      steps => [
        "main: spawn trapper t, registered as n1; main links to it; inside t: put(k,v). do each item."]}.
run() ->
    T = oracle:idle(t), register(n1, T), link(T), oracle:tell(T, fun() -> put(k, v) end),
    U = oracle:idle(u), oracle:tell(T, fun() -> erlang:monitor(process, U) end), T ! stray, oracle:settle(),
    I = fun(P, X) -> oracle:do(X, fun() -> process_info(P, X) end) end,
    I(T, registered_name), I(T, links), I(T, monitors), I(U, monitored_by), I(T, messages), I(T, message_queue_len), I(T, trap_exit),
    oracle:do("registered_name of u", fun() -> process_info(U, registered_name) end),
    U ! return, oracle:settle(), oracle:do("dead", fun() -> process_info(U, links) end),
    oracle:do("bad", fun() -> process_info(T, nonsense) end).
