-module(gsx_undef_handle_cast).
-export([meta/0, run/0, init/1]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a missing handle_cast crashes with undef",
      contract => "missing handle_cast crashes with undef",
      steps => [
        "The callback module has init only. main: start it, watch it, cast x, log the death."]}.
init(_) -> oracle:name(self(), srv), {ok, s0}.
run() ->
    {ok, P} = gen_server:start(?MODULE, [], []), W = oracle:watch(P),
    gen_server:cast(P, x), oracle:down(W).
