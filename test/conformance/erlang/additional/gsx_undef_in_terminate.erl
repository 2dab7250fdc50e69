-module(gsx_undef_in_terminate).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "an undef raised inside terminate is not taken for a missing terminate: it is the exit reason",
      contract => "an undef raised inside terminate is not taken for a missing terminate: it is the exit reason",
      steps => [
        "main: start a probe whose terminate raises error undef, watch it; do `stop`; log the death."]}.
run() ->
    {ok, P} = probe:start(a, #{terminate => fun(_, _) -> error(undef) end}), W = oracle:watch(P),
    oracle:do("stop", fun() -> gen_server:stop(P) end), oracle:down(W).
