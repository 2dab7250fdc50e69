-module(prx_exit_kill_by_self).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "a process that exits with kill by itself sends kill over its links: it can be trapped, and takes others down with kill",
      contract => "A process that exits with the reason kill by itself sends kill over its links; that one can be trapped, and terminates non-trapping receivers with reason kill (not killed).",
      steps => [
        "main traps exits. Spawn idle a, b; inside b link(a); main links to a and watches b; make a exit with kill; receive two messages, logged by sort."]}.
run() ->
    process_flag(trap_exit, true),
    A = oracle:idle(a), B = oracle:idle(b), oracle:tell(B, fun() -> link(A) end), W = oracle:watch(B),
    link(A), A ! {exit, kill}, oracle:recv(), oracle:down(W).
