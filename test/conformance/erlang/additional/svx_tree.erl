-module(svx_tree).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "a tree of supervisors: only the failing part is restarted, and dynamic children are lost with their supervisor",
      contract => "a tree of supervisors: only the failing part is restarted, dynamic children are lost when their supervisor restarts",
      steps => [
        "main: start supervisor top (one_for_all, intensity 3) with child in1: supervisor s1 (one_for_one, intensity 1) of quiet workers a, b, and child in2: supervisor s2 (one_for_one, intensity 1) of quiet workers c, d; start_child of quiet e to s1 and f to s2.",
        "main: kill a.1, settle; do `s1`, `s2`: which_children; kill s1, settle; do `s1`, `s2`; exit(top,shutdown) after trapping exits; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    Q = fun(Id) -> tsup:w(Id, #{quiet => true}) end,
    In = fun(Id, N, Ws) -> #{id => Id, type => supervisor, start => {tsup, start, [N, #{}, Ws]}} end,
    {ok, T} = tsup:start(top, #{strategy => one_for_all, intensity => 3}, [In(in1, s1, [Q(a), Q(b)]), In(in2, s2, [Q(c), Q(d)])]),
    supervisor:start_child(oracle:pid(s1), Q(e)), supervisor:start_child(oracle:pid(s2), Q(f)),
    exit(oracle:pid('a.1'), kill), oracle:settle(),
    oracle:kids("s1", oracle:pid(s1)), oracle:kids("s2", oracle:pid(s2)),
    exit(oracle:pid(s1), kill), oracle:settle(),
    oracle:kids("s1", oracle:pid(s1)), oracle:kids("s2", oracle:pid(s2)),
    exit(T, shutdown), oracle:recv().
