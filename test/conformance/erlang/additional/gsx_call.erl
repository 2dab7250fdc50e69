-module(gsx_call).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "immediate and delayed replies, idle timeout hit and missed, call timeout, bad return",
      contract => "immediate and delayed reply (noreply, timeout, reply/2), idle timeout hit and missed, call timeout exits with {timeout,_}, bad return gives {bad_return_value,_}",
      steps => [
        "Probe srv: request {delayed,T} remembers From and returns {noreply,From,T}; on the plain message timeout it replies delayed; request {next,T} replies and returns the idle timeout T.",
        "main: do `call ping`, `call {delayed,30}`, `call {next,50}` then sleep 150, `call {next,50}` then at once `call ping` and sleep 150, `call {delayed,300} timeout 30`, log the mailbox, `call {return,nonsense}`."]}.
run() ->
    {ok, S} = probe:start(srv, #{
        call => fun({delayed, T}, From, _) -> {noreply, From, T};
                   ({next, T}, _, St) -> {reply, next, St, T};
                   (_, _, _) -> default end,
        info => fun(timeout, {_, _} = From) -> gen_server:reply(From, delayed), {noreply, s1};
                   (_, _) -> default end}),
    C = fun(R) -> oracle:do(["call ", oracle:fmt(R)], fun() -> gen_server:call(S, R) end) end,
    C(ping), C({delayed, 30}),
    C({next, 50}), oracle:sleep(150),
    C({next, 50}), C(ping), oracle:sleep(150),
    oracle:do("call {delayed,300} timeout 30", fun() -> gen_server:call(S, {delayed, 300}, 30) end),
    oracle:mailbox(), C({return, nonsense}).
