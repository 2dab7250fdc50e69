-module(svx_faulty_application_shutdown).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a supervisor whose child fails to start exits with {shutdown,{failed_to_start_child,Id,Reason}}, also as a child",
      contract => "application:start passes on {shutdown,{failed_to_start_child,Id,Reason}}",
      steps => [
        "main traps exits; do `start`: supervisor sup with child in (type supervisor): supervisor mid with worker w1 whose init returns {stop,bad}; receive one message and log it."]}.
run() -> process_flag(trap_exit, true),
    oracle:do("start", fun() -> tsup:start(sup, #{}, [#{id => in, type => supervisor,
        start => {tsup, start, [mid, #{}, [tsup:w(w1, #{init => fun() -> {stop, bad} end})]]}}]) end),
    oracle:recv(), oracle:mailbox().
