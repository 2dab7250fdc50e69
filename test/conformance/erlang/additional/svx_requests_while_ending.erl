-module(svx_requests_while_ending).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sup-suite',
      title => "requests to a supervisor that is ending",
      contract => "A request that waits while a supervisor shuts down exits with its reason. A starter whose supervisor is killed while it starts gets killed.",
      steps => ["See erlang/additional/svx_requests_while_ending.erl."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1, #{terminate => fun(_, _) -> oracle:sleep(100) end})]),
    exit(S, shutdown), oracle:sleep(20),
    oracle:do("which_children", fun() -> supervisor:which_children(S) end), oracle:mailbox(),
    P = oracle:idle(p),
    P ! {run, fun() -> tsup:start(s2, #{}, [tsup:w(x1), tsup:w(x2, #{init => fun() -> oracle:sleep(120), {ok, s} end}), tsup:w(x3)]) end,
        self(), make_ref()},
    oracle:sleep(50),
    W = oracle:watch(oracle:pid(s2)), W1 = oracle:watch(oracle:pid('x1.1')),
    exit(P, gone), oracle:down(W), oracle:down(W1), oracle:settle(), oracle:mailbox().
