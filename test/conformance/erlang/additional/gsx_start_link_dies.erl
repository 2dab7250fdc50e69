-module(gsx_start_link_dies).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a start_link whose caller dies with the server",
      contract => "A caller that does not trap exits dies of the end of a server that is killed in its init, before its start_link returns.",
      steps => ["See erlang/additional/gsx_start_link_dies.erl."]}.
run() ->
    Start = fun(Label, Init) ->
        P = oracle:spawn(starter, fun() ->
            oracle:do("start_link " ++ Label, fun() -> probe:start_link(list_to_atom(Label), #{init => Init}) end),
            oracle:settle() end),
        oracle:down(oracle:watch(P)) end,
    Start("a", fun() -> {stop, normal} end),
    Start("b", fun() -> ignore end),
    Start("c", fun() -> exit(self(), kill), oracle:sleep(100) end).
