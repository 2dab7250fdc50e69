-module(gsx_undef_handle_continue).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a missing handle_continue crashes with undef",
      contract => "missing handle_continue crashes with undef",
      steps => [
        "main: start a bare server (no handle_continue), watch it; cast go_on, which returns {noreply,S,{continue,more}}; log the death."]}.
run() ->
    {ok, P} = gen_server:start(bare, srv, []), W = oracle:watch(P),
    gen_server:cast(P, go_on), oracle:down(W).
