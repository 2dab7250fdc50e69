-module(gsx_undef_handle_call).
-export([meta/0, run/0, init/1]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a missing handle_call crashes with undef, and the caller sees it",
      contract => "missing handle_call crashes with undef, the caller sees it",
      steps => [
        "The callback module has init only. main: start it, watch it, do `call`, log the death."]}.
init(_) -> oracle:name(self(), srv), {ok, s0}.
run() ->
    {ok, P} = gen_server:start(?MODULE, [], []), W = oracle:watch(P),
    oracle:do("call", fun() -> gen_server:call(P, ping) end), oracle:down(W).
