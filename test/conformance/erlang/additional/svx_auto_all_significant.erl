-module(svx_auto_all_significant).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "all_significant: the supervisor shuts down when the last significant child has ended, and stops the others in order",
      contract => "With auto_shutdown all_significant the supervisor ends (shutdown) when no significant child is left running: those that ended before count, those never started (ignore) too.",
      steps => [
        "main traps exits; start supervisor sup (all_significant, intensity 5) with w1 (permanent), w2 (transient, significant), w3 (temporary, significant), w4 (permanent); cast {stop,normal} to w2, settle; cast {exit,boom} to w3; receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    tsup:start(sup, #{auto_shutdown => all_significant, intensity => 5},
        [tsup:w(w1), tsup:w(w2, #{restart => transient, significant => true}),
         tsup:w(w3, #{restart => temporary, significant => true}), tsup:w(w4)]),
    gen_server:cast(oracle:pid('w2.1'), {stop, normal}), oracle:settle(),
    oracle:log("one left"),
    gen_server:cast(oracle:pid('w3.1'), {exit, boom}), oracle:recv().
