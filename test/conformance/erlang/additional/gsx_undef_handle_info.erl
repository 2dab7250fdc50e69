-module(gsx_undef_handle_info).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "without handle_info a message is dropped and the server lives",
      contract => "missing handle_info: the message is logged and dropped, the server lives",
      steps => [
        "main: start a bare server (no handle_info); send it hello; settle; do `call`; do `alive`. Start one with the idle timeout of cast go_on... the timeout is such a message too."]}.
run() ->
    {ok, P} = gen_server:start(bare, srv, []),
    P ! hello, oracle:settle(),
    oracle:do("call", fun() -> gen_server:call(P, ping) end),
    oracle:do("alive", fun() -> is_process_alive(P) end).
