-module(gsx_cast).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "cast is handled, with an idle timeout, and can stop the server",
      contract => "cast is handled, cast with idle timeout, cast that stops (terminate runs)",
      steps => [
        "main traps exits; start_link probe a; cast hello; cast {return,{noreply,s1,30}}, sleep 100; cast {return,{noreply,s2,hibernate}}; do `call state`; cast {stop,shutdown}; receive one message and log it; do `cast`."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, A} = probe:start_link(a, #{}),
    gen_server:cast(A, hello),
    gen_server:cast(A, {return, {noreply, s1, 30}}), oracle:sleep(100),
    gen_server:cast(A, {return, {noreply, s2, hibernate}}),
    oracle:do("call state", fun() -> gen_server:call(A, state) end),
    gen_server:cast(A, {stop, shutdown}), oracle:recv(),
    oracle:do("cast", fun() -> gen_server:cast(A, hello) end).
