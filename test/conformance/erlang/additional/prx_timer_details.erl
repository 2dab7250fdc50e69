-module(prx_timer_details).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "timers: read, cancel, and a timer ends with nobody to receive it",
      contract => "read_timer gives the ms left or false; cancel_timer of an unknown reference is false; a timer for a name is silent if nobody has it.",
      steps => [
        "main: R = send_after(1000,self,x); do `read`: is read_timer an integer in 1..1000; do `cancel`: is an integer; do `read again`; do `unknown`: cancel_timer(make_ref()); send_after(0,self,now); receive one message and log it; do `negative`: send_after(-1,..)."]}.
run() ->
    R = erlang:send_after(1000, self(), x),
    In = fun(X) -> is_integer(X) andalso X >= 1 andalso X =< 1000 end,
    oracle:do("read", fun() -> In(erlang:read_timer(R)) end),
    oracle:do("cancel", fun() -> In(erlang:cancel_timer(R)) end),
    oracle:do("read again", fun() -> erlang:read_timer(R) end),
    oracle:do("unknown", fun() -> erlang:cancel_timer(make_ref()) end),
    erlang:send_after(0, self(), now), oracle:recv(),
    oracle:do("negative", fun() -> erlang:send_after(-1, self(), x) end),
    P = oracle:idle(p), register(n1, P), erlang:send_after(50, n1, x), P ! return, oracle:sleep(100), oracle:mailbox().
