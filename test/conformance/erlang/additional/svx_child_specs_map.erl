-module(svx_child_specs_map).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "which combinations of significant, restart and auto_shutdown are valid",
      contract => "invalid map specifications, all valid combinations, significant and auto_shutdown combinations",
      steps => [
        "main: for each restart type, significant or not, and each auto_shutdown: do check_childspecs; then every valid shutdown, type and modules; an invalid auto_shutdown; no list."]}.
run() ->
    B = #{id => c1, start => {m, f, []}},
    [oracle:do(io_lib:format("~p ~p ~p", [R, G, A]), fun() -> supervisor:check_childspecs([B#{restart => R, significant => G}], A) end)
     || R <- [permanent, transient, temporary], G <- [true, false], A <- [never, any_significant, all_significant]],
    [oracle:do(L, fun() -> supervisor:check_childspecs([maps:merge(B, X)]) end)
     || {L, X} <- [{"shutdown 0", #{shutdown => 0}}, {"shutdown infinity", #{shutdown => infinity}},
                   {"shutdown brutal_kill", #{shutdown => brutal_kill}}, {"shutdown soon", #{shutdown => soon}},
                   {"type supervisor", #{type => supervisor}}, {"modules dynamic", #{modules => dynamic}},
                   {"modules [m]", #{modules => [m]}}, {"modules [1]", #{modules => [1]}}]],
    oracle:do("bad auto", fun() -> supervisor:check_childspecs([B], sometimes) end),
    oracle:do("no list", fun() -> supervisor:check_childspecs(c1) end),
    oracle:do("empty", fun() -> supervisor:check_childspecs([]) end).
