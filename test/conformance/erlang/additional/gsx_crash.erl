-module(gsx_crash).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "the caller and the link see the reason the server ended with",
      contract => "exit(shutdown), exit({shutdown,R}), {stop,shutdown,S}, {stop,{shutdown,R},S}: the caller and the link see the reason",
      steps => [
        "main traps exits; for each (name, request): start_link a probe, do `call`; log the mailbox."]}.
run() ->
    process_flag(trap_exit, true),
    [begin
         {ok, P} = probe:start_link(N, #{}),
         oracle:do("call", fun() -> gen_server:call(P, R) end),
         oracle:mailbox()
     end || {N, R} <- [{a, {exit, shutdown}}, {b, {exit, {shutdown, r}}}, {c, {stop, shutdown}},
                       {d, {stop, {shutdown, r}}}, {e, {exit, crashed}}, {f, {error, crashed}}]].
