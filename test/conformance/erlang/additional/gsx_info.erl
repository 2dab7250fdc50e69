-module(gsx_info).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "plain messages reach handle_info, with an idle timeout, and can stop the server",
      contract => "plain messages reach handle_info, with idle timeout, and can stop the server",
      steps => [
        "main traps exits; start_link probe a; send hello; send {return,{noreply,s1,30}}, sleep 100; do `call state`; send {stop,shutdown}; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, A} = probe:start_link(a, #{}),
    A ! hello, A ! {return, {noreply, s1, 30}}, oracle:sleep(100),
    oracle:do("call state", fun() -> gen_server:call(A, state) end),
    A ! {stop, shutdown}, oracle:recv().
