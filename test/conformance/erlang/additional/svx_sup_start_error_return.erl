-module(svx_sup_start_error_return).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "init returning garbage: start_link gives an error and the process exits with it",
      contract => "init returning garbage: start_link gives an error and the process exits with it",
      steps => [
        "main traps exits; do `start`: init returns invalid; receive one message and log it; log the mailbox."]}.
run() ->
    process_flag(trap_exit, true),
    oracle:do("start", fun() -> tsup:raw(invalid) end), oracle:recv(), oracle:mailbox().
