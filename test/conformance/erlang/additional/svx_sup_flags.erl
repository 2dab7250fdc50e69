-module(svx_sup_flags).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "invalid flags give supervisor_data errors, unknown flags are ignored",
      contract => "invalid strategy, intensity, period, auto_shutdown, shape; unknown flags are ignored",
      steps => [
        "main traps exits; for each flags value: do `<label>`: start_link of a supervisor with these flags, ok in place of {ok,Pid}; drop all messages."]}.
run() ->
    process_flag(trap_exit, true),
    [begin oracle:do(L, fun() -> case tsup:raw({ok, {F, []}}) of {ok, _} -> ok; R -> R end end), oracle:settle(), drain() end
     || {L, F} <- [{"strategy", #{strategy => none_for_one}}, {"intensity -1", #{intensity => -1}},
                   {"intensity once", #{intensity => once}}, {"period 0", #{period => 0}}, {"period -1", #{period => -1}},
                   {"period never", #{period => never}}, {"auto_shutdown", #{auto_shutdown => sometimes}},
                   {"intensity 0", #{intensity => 0}}, {"all", #{strategy => rest_for_one, intensity => 3, period => 1, auto_shutdown => all_significant}},
                   {"unknown", #{colour => red}}]].
drain() -> receive _ -> drain() after 0 -> ok end.
