-module(gsx_hibernate).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "hibernate from init, call, cast and info: the server wakes up for the next message",
      contract => "hibernate from init, call, cast, info: the process hibernates and wakes up for the next message",
      steps => [
        "main: start probe a with init returning {ok,s0,hibernate}; settle; do `call state`; call {return,{reply,r,s1,hibernate}}; settle; cast {return,{noreply,s2,hibernate}}; settle; send {return,{noreply,s3,hibernate}}; settle; do `call state`; do `stop`."]}.
run() ->
    {ok, A} = probe:start(a, #{init => fun() -> {ok, s0, hibernate} end}), oracle:settle(),
    oracle:do("call state", fun() -> gen_server:call(A, state) end),
    oracle:do("call reply", fun() -> gen_server:call(A, {return, {reply, r, s1, hibernate}}) end), oracle:settle(),
    gen_server:cast(A, {return, {noreply, s2, hibernate}}), oracle:settle(),
    A ! {return, {noreply, s3, hibernate}}, oracle:settle(),
    oracle:do("call state", fun() -> gen_server:call(A, state) end),
    oracle:do("stop", fun() -> gen_server:stop(A) end).
