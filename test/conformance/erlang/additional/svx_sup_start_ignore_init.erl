-module(svx_sup_start_ignore_init).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "init returning ignore: start_link gives ignore, the process exits normally",
      contract => "init returning ignore: start_link gives ignore, exit normal",
      steps => [
        "main traps exits; do `start`: start_link of a supervisor whose init returns ignore; receive one message and log it; log the mailbox."]}.
run() ->
    process_flag(trap_exit, true),
    oracle:do("start", fun() -> tsup:raw(ignore) end), oracle:recv(), oracle:mailbox().
