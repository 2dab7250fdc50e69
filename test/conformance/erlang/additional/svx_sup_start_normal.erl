-module(svx_sup_start_normal).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "start and graceful stop of an empty supervisor",
      contract => "start and graceful stop of an empty supervisor",
      steps => [
        "main traps exits; do `start`: start_link supervisor sup without children; do which_children; do `count`; exit(sup,shutdown); receive one message and log it; log the mailbox."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = oracle:do("start", fun() -> tsup:start(sup, #{}, []) end),
    oracle:kids(S), oracle:do("count", fun() -> supervisor:count_children(S) end),
    exit(S, shutdown), oracle:recv(), oracle:mailbox().
