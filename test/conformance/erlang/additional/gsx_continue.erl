-module(gsx_continue).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "a continuation from init, call, cast, info or continue runs before messages already queued, and may stop",
      contract => "{continue,_} from init, call (reply and noreply), cast, info and continue: the continuation runs before messages already queued; a continuation may stop",
      steps => [
        "Probe a overrides handle_continue: {next,C} returns {noreply,S,{continue,C}}, {stop,R} stops with R, {reply,From} replies from the continuation. Its init sends itself first and returns {ok,s0,{continue,c0}}.",
        "main casts and calls each kind, each preceded by {sleep,30} and followed by a queued message."]}.
run() ->
    {ok, A} = probe:start(a, #{
        init => fun() -> self() ! first, {ok, s0, {continue, c0}} end,
        call => fun({late, C}, From, _) -> {noreply, From, {continue, C}}; (_, _, _) -> default end,
        continue => fun({next, C}, S) -> {noreply, S, {continue, C}};
                       ({stop, R}, S) -> {stop, R, S};
                       (reply, From) -> gen_server:reply(From, late_reply), {noreply, s1};
                       (_, S) -> {noreply, S} end}),
    W = oracle:watch(A),
    oracle:settle(),
    Queue = fun(Send) -> gen_server:cast(A, {sleep, 30}), Send(), gen_server:cast(A, queued), oracle:sleep(100) end,
    Queue(fun() -> gen_server:cast(A, {return, {noreply, s1, {continue, from_cast}}}) end),
    Queue(fun() -> A ! {return, {noreply, s1, {continue, {next, from_info}}}} end),
    oracle:do("call reply", fun() -> R = gen_server:call(A, {return, {reply, r, s1, {continue, from_call}}}), oracle:sleep(20), R end),
    oracle:do("call late", fun() -> gen_server:call(A, {late, reply}) end),
    gen_server:cast(A, {return, {noreply, s1, {continue, {stop, finished}}}}), gen_server:cast(A, never),
    oracle:down(W).
