-module(gsx_idle_zero).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "an idle timeout of 0 comes at once, unless a message is already there",
      contract => "{noreply,S,0}: the timeout message is handled next if the mailbox is empty; a queued message comes first and cancels it. system messages do not disturb an idle timeout of their own.",
      steps => [
        "main: start probe a with init returning {ok,s0,0}; settle. cast {sleep,60}; cast {return,{noreply,s1,0}}; cast queued; settle; do `call {return,{reply,r,s2,0}}`; settle."]}.
run() ->
    {ok, A} = probe:start(a, #{init => fun() -> {ok, s0, 0} end}), oracle:settle(),
    gen_server:cast(A, {sleep, 60}), gen_server:cast(A, {return, {noreply, s1, 0}}), gen_server:cast(A, queued),
    oracle:sleep(150),
    oracle:do("call", fun() -> R = gen_server:call(A, {return, {reply, r, s2, 0}}), oracle:sleep(30), R end),
    oracle:do("bad", fun() -> gen_server:call(A, {return, {reply, r, s2, -1}}) end).
