-module(gsx_replace_state).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "sys:replace_state replaces the state; a failing fun leaves it unchanged",
      contract => "sys:replace_state replaces it; a failing fun leaves it unchanged",
      steps => [
        "main: start probe a; do `replace`: fun(s0) -> s1; do `get_state`; do `fail error`, `fail exit`, `fail throw` with funs that fail; do `get_state`; suspend; do `replace` with {s,Old}; resume; do `call state`; do `replace nosuch`."]}.
run() ->
    {ok, A} = probe:start(a, #{}),
    R = fun(L, F) -> oracle:do(L, fun() -> sys:replace_state(A, F) end) end,
    Get = fun() -> oracle:do("get_state", fun() -> sys:get_state(A) end) end,
    R("replace", fun(s0) -> s1 end), Get(),
    R("fail error", fun(_) -> error(boom) end), Get(),
    R("fail exit", fun(_) -> exit(bang) end), Get(),
    R("fail throw", fun(_) -> throw(ball) end), Get(),
    sys:suspend(A), R("replace", fun(S) -> {s, S} end), sys:resume(A),
    oracle:do("call state", fun() -> gen_server:call(A, state) end),
    oracle:do("replace nosuch", fun() -> try sys:replace_state(nosuch, fun(S) -> S end)
                                         catch exit:{W, _} -> {exit, W} end end).
