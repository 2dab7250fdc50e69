%% Carries out the programs of server_programs.ts on a real BEAM, and prints the trace of each, followed by the line `end`.
-module(fuzz_server).
-export([main/1]).
-define(CALM, 40).

main(File) ->
    logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(File),
    [run(P) || P <- Programs],
    halt(0).

run(Program) ->
    Tables = [oracle_trace, oracle_names, oracle_pids],
    ets:new(oracle_trace, [named_table, public, ordered_set]),
    [ets:new(T, [named_table, public]) || T <- tl(Tables)],
    Before = erlang:processes(),
    {P, R} = spawn_monitor(fun() ->
        oracle:name(self(), main), perform(Program),
        ets:insert(oracle_trace, {erlang:unique_integer([monotonic]), the_end}) end),
    Why = receive {'DOWN', R, process, P, W} -> W end,
    Lines = lists:takewhile(fun(L) -> L =/= the_end end, [L || {_, L} <- ets:tab2list(oracle_trace)]),
    [io:put_chars([L, $\n]) || L <- Lines],
    case Why of normal -> ok; _ -> io:format("!! main died: ~w~n", [Why]) end,
    io:put_chars("end\n"),
    [exit(X, kill) || X <- erlang:processes() -- Before],
    timer:sleep(1),
    [ets:delete(T) || T <- Tables].

perform({Start, Trap, Init, Terminate, Acts}) ->
    process_flag(trap_exit, true),
    O = #{trap => Trap, init => fun() -> obeyed(Init) end,
          continue => fun({stop, R}, S) -> {stop, R, S};
                         (A, _) when is_tuple(A) -> obeyed(A);
                         (_, _) -> default end,
          terminate => fun(_, _) -> case Terminate of ok -> default; _ -> obeyed(Terminate) end end},
    do("start", fun() -> probe:Start(srv, O) end),
    calm(),
    [begin act(A), calm() end || A <- Acts].

%% The line is written when nothing moves any more: what the server does after its answer comes before it.
do(Label, F) -> oracle:do(Label, fun() -> try F() after timer:sleep(?CALM) end end).

calm() -> timer:sleep(?CALM), oracle:log("mailbox ~ts", [oracle:fmt(drain())]).
drain() -> receive M -> [M | drain()] after 0 -> [] end.

obeyed({return, T}) -> T;
obeyed({exit, R}) -> exit(R);
obeyed({error, R}) -> error(R);
obeyed({throw, R}) -> throw(R);
obeyed({sleep, Ms}) -> timer:sleep(Ms);
obeyed(_) -> default.

act(A) -> act(A, oracle:pid(srv)).

act(get_state, S) -> do("get_state", fun() -> sys:get_state(S, 2 * ?CALM) end);
act(suspend_resume, S) ->
    do("suspend", fun() -> sys:suspend(S, 2 * ?CALM) end),
    gen_server:cast(S, suspended),
    do("resume", fun() -> sys:resume(S, 2 * ?CALM) end);
act({burst, All}, S) ->
    gen_server:cast(S, {sleep, 30}),
    Main = self(),
    Numbered = lists:zip(lists:seq(1, length(All)), All),
    [case Each of
        {call, What} ->
            spawn(fun() ->
                Main ! {answer, N, try {ok, gen_server:call(S, What, 3 * ?CALM)} catch Cl:Re -> {Cl, Re} end} end),
            timer:sleep(1);
        {How, What} -> send(S, How, What)
     end || {N, Each} <- Numbered],
    %% The clients' answers are written in the order of the requests, after all else.
    timer:sleep(5 * ?CALM),
    [do(["call ", oracle:fmt(What)], fun() ->
        receive {answer, N, {ok, V}} -> V; {answer, N, {C, R}} -> erlang:raise(C, R, []) end end)
     || {N, {call, What}} <- Numbered];
act({signal, R}, S) -> exit(S, R);
act({linked_exit, R}, S) ->
    P = oracle:idle(other),
    oracle:tell(P, fun() -> try link(S) catch error:_ -> oracle:log("no link") end end),
    P ! {exit, R};
act({stop, R}, S) -> do("stop", fun() -> gen_server:stop(S, R, 2 * ?CALM) end);
act({call, What}, S) -> do(["call ", oracle:fmt(What)], fun() -> gen_server:call(S, What, 2 * ?CALM) end);
act({How, What}, S) -> send(S, How, What).

send(S, cast, M) -> gen_server:cast(S, M);
send(S, info, M) -> S ! M.
