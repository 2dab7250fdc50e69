-module(svx_sup_start_map).
-export([meta/0, run/0]).
meta() ->
    #{group => supervisor, area => 'sv-suite',
      title => "defaults of a specification as shown by get_childspec",
      contract => "map specifications, defaults as shown by get_childspec",
      steps => [
        "main: start supervisor sup with w1 (defaults), w2 (type supervisor), w3 (restart transient, shutdown brutal_kill), w4 (restart temporary, shutdown infinity, significant false). do `spec <id>`: {id,restart,shutdown,type,significant} of get_childspec for each, also by pid for w1."]}.
run() ->
    {ok, S} = tsup:start(sup, #{}, [tsup:w(w1), tsup:w(w2, #{type => supervisor}),
        tsup:w(w3, #{restart => transient, shutdown => brutal_kill}),
        tsup:w(w4, #{restart => temporary, shutdown => infinity, significant => false})]),
    Get = fun(L, X) -> oracle:do(L, fun() ->
        case supervisor:get_childspec(S, X) of
            {ok, #{id := I, restart := R, shutdown := D, type := T, significant := G}} -> {I, R, D, T, G};
            E -> E end end) end,
    Get("spec w1", w1), Get("spec w2", w2), Get("spec w3", w3), Get("spec w4", w4),
    Get("spec by pid", oracle:pid('w1.1')).
