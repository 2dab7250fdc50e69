-module(prx_register_dies).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "a name is free again when its process has died, before anyone hears of it",
      contract => "A name is unregistered automatically when its process terminates and can be registered again at once.",
      steps => [
        "main traps exits: 20 times: spawn idle, register it as n1, link, exit(P,kill), receive its 'EXIT', then register main as n1 (it must be free) and unregister it. Log the distinct results. The same with a monitor."]}.
run() ->
    process_flag(trap_exit, true),
    R = fun(Hook) -> lists:usort([begin
            P = erlang:spawn(fun() -> receive never -> ok end end), register(n1, P), Hook(P), exit(P, kill),
            receive {'EXIT', P, _} -> ok; {'DOWN', _, _, P, _} -> ok end,
            {whereis(n1), register(n1, self()), unregister(n1)} end || _ <- lists:seq(1, 20)]) end,
    oracle:do("link", fun() -> R(fun(P) -> link(P) end) end),
    oracle:do("monitor", fun() -> R(fun(P) -> erlang:monitor(process, P) end) end).
