-module(svx_sup_queued_requests).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "what the callers still queued at a dying supervisor see",
      contract => "A request to a supervisor that gives up before it answers exits the caller with {shutdown,{gen_server,call,...}}; one to its name afterwards with noproc.",
      steps => [
        "main traps exits; start supervisor sup (intensity 0) with w1 whose terminate sleeps 100 ms; watch nothing. c1 calls which_children 30 ms after w1 is told {exit,boom}."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, S} = tsup:start(sup, #{intensity => 0}, [tsup:w(w1, #{terminate => fun(_, _) -> timer:sleep(100) end}), tsup:w(w2)]),
    gen_server:cast(oracle:pid('w2.1'), {exit, boom}), oracle:sleep(30),
    oracle:do("which_children", fun() -> supervisor:which_children(S) end), oracle:recv().
