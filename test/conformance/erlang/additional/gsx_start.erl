-module(gsx_start).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "start, start_link and start_monitor: results, and what is left in the mailbox",
      contract => "{ok,Pid} or {ok,{Pid,Ref}}; call works; stop gives 'EXIT'/'DOWN'; a taken name gives already_started; ignore and {stop,R}; a start timeout gives {error,timeout}; no stray message is left.",
      steps => [
        "main traps exits. do `start a` (no link), `call a`, `stop a`; log the mailbox. The same with start_link b (log the mailbox: its 'EXIT') and with start_monitor c (log the mailbox: its 'DOWN').",
        "start_monitor d with init returning ignore, e with {stop,bad}, f with init raising boom, g with start timeout 30 and an init that sleeps 300; log the mailbox after each.",
        "start_link h under the name taken; start_monitor i under the same name; log the mailbox; start_link j with init raising error boom, exit bang, throw {ok,thrown}, throw ball; log the mailbox after each."]}.
run() ->
    process_flag(trap_exit, true),
    Life = fun(N, F) ->
        oracle:do(["start ", atom_to_list(N)], F),
        P = oracle:pid(N),
        oracle:do(["call ", atom_to_list(N)], fun() -> gen_server:call(P, ping) end),
        oracle:do(["stop ", atom_to_list(N)], fun() -> gen_server:stop(P, stopped, infinity) end),
        oracle:mailbox() end,
    Life(a, fun() -> probe:start(a, #{}) end),
    Life(b, fun() -> probe:start_link(b, #{}) end),
    Life(c, fun() -> probe:start_monitor(c, #{}) end),
    M = fun(N, O) ->
        oracle:do(["start_monitor ", atom_to_list(N)], fun() -> probe:start_monitor(N, O) end),
        oracle:mailbox() end,
    M(d, #{init => fun() -> ignore end}),
    M(e, #{init => fun() -> {stop, bad} end}),
    M(f, #{init => fun() -> error(boom) end}),
    M(g, #{init => fun() -> timer:sleep(300), {ok, s0} end, opts => [{timeout, 30}]}),
    oracle:do("start_link h", fun() -> probe:start_link(h, #{reg => taken}) end),
    oracle:do("start_monitor i", fun() -> probe:start_monitor(i, #{reg => taken}) end),
    oracle:mailbox(),
    L = fun(N, I) ->
        oracle:do(["start_link ", atom_to_list(N)], fun() -> probe:start_link(N, #{init => I}) end),
        oracle:mailbox() end,
    L(j, fun() -> error(boom) end), L(k, fun() -> exit(bang) end),
    L(l, fun() -> throw({ok, thrown}) end), L(m, fun() -> throw(ball) end),
    L(n, fun() -> garbage end).
