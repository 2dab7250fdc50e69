-module(gsx_undef_init).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a missing init: start gives {error,{undef,_}}, start_link in addition sends 'EXIT'",
      contract => "missing init: start returns {error,{undef,_}}, start_link in addition sends 'EXIT'",
      steps => [
        "main traps exits; do `start` and `start_link` of a module without init; receive one message and log reason."]}.
run() ->
    process_flag(trap_exit, true),
    oracle:do("start", fun() -> gen_server:start(?MODULE, [], []) end), oracle:mailbox(),
    oracle:do("start_link", fun() -> gen_server:start_link(?MODULE, [], []) end), oracle:recv(), oracle:mailbox().
