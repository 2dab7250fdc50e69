-module(svx_sup_start_map_faulty_specs).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "precise errors of faulty specifications, and unknown keys are ignored",
      contract => "missing id, missing start, unknown key (ignored), no map: precise start_spec errors",
      steps => [
        "main traps exits; do `<label>` for each faulty specification: start_link of a supervisor with the good worker w1 and it; drop all messages. do `unknown key`: result without the pid."]}.
run() ->
    process_flag(trap_exit, true),
    B = #{id => c1, start => {probe, child, [c1, #{}]}},
    [begin oracle:do(L, fun() -> case tsup:start(sup, #{}, [tsup:w(w1), X]) of {ok, _} -> ok; R -> R end end),
           oracle:settle(), drain() end
     || {L, X} <- [{"missing id", maps:remove(id, B)}, {"missing start", maps:remove(start, B)},
                   {"no map", c1}, {"unknown key", B#{colour => red}}, {"duplicate", #{id => w1, start => {m, f, []}}}]].
drain() -> receive _ -> drain() after 0 -> ok end.
