-module(prx_trap_later).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "whether a signal is trapped is decided by the flag at the time it is received",
      contract => "Whether a signal is trapped is decided when it is received, by the flag at that time.",
      steps => [
        "main: spawn idle a; inside a: trap_exit true; exit(a,one); inside a: trap_exit false; settle; do `alive a`; inside a log its mailbox; exit(a,two); watch; log its death."]}.
run() ->
    A = oracle:idle(a), W = oracle:watch(A),
    oracle:tell(A, fun() -> process_flag(trap_exit, true) end), exit(A, one),
    oracle:tell(A, fun() -> process_flag(trap_exit, false) end), oracle:settle(),
    oracle:do("alive a", fun() -> is_process_alive(A) end),
    oracle:tell(A, fun() -> oracle:mailbox() end),
    exit(A, two), oracle:down(W).
