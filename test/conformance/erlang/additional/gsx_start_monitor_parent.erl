-module(gsx_start_monitor_parent).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "the caller of start_monitor is the server's parent, of start it is nobody",
      contract => "An exit signal of the process that called start_monitor is the parent's exit: a trapping server runs terminate with its reason and ends, without handle_info. After start (no link) it is a message like any other.",
      steps => [
        "main: start_monitor probe a, trapping; exit(a,boom); receive one message and log it. start probe b, trapping; exit(b,boom); settle; do `alive b`. start_link probe c, trapping; main traps exits; exit(c,normal); receive one message and log it."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, {A, _}} = probe:start_monitor(a, #{trap => true}), exit(A, boom), oracle:recv(),
    {ok, B} = probe:start(b, #{trap => true}), exit(B, boom), oracle:settle(),
    oracle:do("alive b", fun() -> is_process_alive(B) end),
    {ok, C} = probe:start_link(c, #{trap => true}), exit(C, normal), oracle:recv().
