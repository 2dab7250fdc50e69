-module(plx_start).
-export([meta/0, run/0, body/1]).
meta() ->
    #{group => proc_lib, area => 'pl-start',
      title => "proc_lib:start and start_link: init_ack, init_fail's forerunners, time-outs and early deaths",
      contract => "start returns what init_ack gave; if the process dies before, {error,Reason}; if it takes too long, it is killed and {error,timeout} is returned.",
      steps => [
        "main traps exits. do start_link of a process that: acks {ok,self()}; acks hello; exits with bad without ack; raises error boom; returns without ack; sleeps 300 with timeout 30. Log the mailbox after each."]}.
body(Fun) -> oracle:name(self(), p), Fun().
run() ->
    process_flag(trap_exit, true),
    Go = fun(L, F, T) -> oracle:do(L, fun() -> proc_lib:start_link(?MODULE, body, [F], T) end), oracle:mailbox() end,
    Go("ack ok", fun() -> proc_lib:init_ack({ok, self()}) end, 1000),
    Go("ack hello", fun() -> proc_lib:init_ack(hello), exit(later) end, 1000),
    Go("exit", fun() -> exit(bad) end, 1000),
    Go("error", fun() -> error(boom) end, 1000),
    Go("throw", fun() -> throw(ball) end, 1000),
    Go("return", fun() -> ok end, 1000),
    Go("timeout", fun() -> timer:sleep(300) end, 30),
    oracle:do("start", fun() -> proc_lib:start(?MODULE, body, [fun() -> exit(bad) end], 1000) end), oracle:mailbox(),
    oracle:do("start_monitor", fun() -> proc_lib:start_monitor(?MODULE, body, [fun() -> proc_lib:init_ack(hello), exit(later) end], 1000) end), oracle:mailbox().
