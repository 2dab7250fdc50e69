-module(gsx_undef_in_handle_info).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "an undef raised inside handle_info crashes the server",
      contract => "an undef raised inside handle_info crashes the server",
      steps => [
        "main: start a probe whose handle_info raises error undef, watch it; send hello; log the death."]}.
run() ->
    {ok, P} = probe:start(a, #{info => fun(_, _) -> error(undef) end}), W = oracle:watch(P),
    P ! hello, oracle:down(W).
