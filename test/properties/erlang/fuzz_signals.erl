%% Carries out the programs of signal_model.ts on a real BEAM, and prints what is seen after each step, one line each:
%% the result, and for each process `dead Reason` or its messages and links.
-module(fuzz_signals).
-export([main/1]).
-define(N, 3).
-define(MOST, 7).

main(File) ->
    logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(File),
    [begin run(P), io:put_chars("end\n") end || P <- Programs],
    halt(0).

run(Program) ->
    put(dead, #{}), put(refs, #{}), put(pids, []),
    [born(spawn(fun loop/0)) || _ <- lists:seq(1, ?N)],
    [step(S) || S <- Program],
    [exit(P, kill) || P <- get(pids)],
    [case maps:is_key(P, get(dead)) of true -> ok; false -> receive {'DOWN', _, process, P, _} -> ok end end || P <- get(pids)],
    [catch unregister(Name) || Name <- [n1, n2]].

born(P) -> put(pids, get(pids) ++ [P]), monitor(process, P).
made(By, Ref) -> put(refs, maps:update_with(By, fun(L) -> L ++ [Ref] end, [Ref], get(refs))).
at(I) -> lists:nth(I + 1, get(pids)).

step(S) ->
    Count = length(get(pids)),
    By = element(2, S),
    To = case lists:member(element(1, S), [link, unlink, monitor, monitor_alias, send_ref, send, exit2]) of
        true -> element(3, S);
        false -> case S of {register, _, _, T} -> T; _ -> 0 end
    end,
    Result = if
        By >= Count; To >= Count -> "nobody";
        true -> living(S, By, Count)
    end,
    quiet(), bury(),
    io:put_chars([Result, "\n", integer_to_list(length(get(pids))), "\n"]),
    [io:put_chars([look(I), "\n"]) || I <- lists:seq(0, length(get(pids)) - 1)].

living(S, By, Count) ->
    Pid = at(By),
    case maps:is_key(Pid, get(dead)) of
        true -> "dead";
        false when Count =:= ?MOST andalso (element(1, S) =:= spawn orelse element(1, S) =:= spawn_link orelse element(1, S) =:= spawn_monitor) -> "enough";
        false ->
            Ref = make_ref(),
            Pid ! {do, Ref, self(), action(S)},
            receive
                {done, Ref, {ref, M}} -> made(By, M), "ref";
                {done, Ref, {pid, P}} -> born(P), "pid";
                {done, Ref, {pid, P, M}} -> born(P), made(By, M), "pid";
                {done, Ref, R} -> text(R);
                {'DOWN', _, process, Pid, Why} -> put(dead, maps:put(Pid, Why, get(dead))), "died"
            end
    end.

bury() -> receive {'DOWN', _, process, P, R} -> put(dead, maps:put(P, R, get(dead))), bury() after 0 -> ok end.

%% Wait until nothing moves: every living process is waiting, and the deaths have been told, twice in a row with a pause.
quiet() -> quiet(2).
quiet(0) -> ok;
quiet(K) ->
    timer:sleep(1), bury(),
    Moves = fun(P) ->
        case process_info(P, status) of
            undefined -> not maps:is_key(P, get(dead));
            {status, S} -> S =/= waiting
        end end,
    case lists:any(Moves, get(pids)) of
        false -> quiet(K - 1);
        true -> quiet(2)
    end.

look(I) ->
    P = at(I),
    case process_info(P, [messages, links]) of
        undefined -> ["dead ", text(maps:get(P, get(dead)))];
        [{messages, Ms}, {links, Ls}] ->
            ["messages ", lists:join(";", [message(M, I) || M <- Ms]),
             " links ", lists:join(",", [integer_to_list(X) || X <- lists:sort([index(L) || L <- Ls])])]
    end.

index(P) -> length(lists:takewhile(fun(X) -> X =/= P end, get(pids))).

message({'EXIT', F, R}, _) -> ["'EXIT' ", integer_to_list(index(F)), " ", text(R)];
message({'DOWN', Ref, process, P, R}, I) ->
    Nth = length(lists:takewhile(fun(X) -> X =/= Ref end, maps:get(I, get(refs), []))),
    ["'DOWN' ", integer_to_list(Nth), " ", integer_to_list(index(P)), " ", text(R)];
message(M, _) -> text(M).

text({R, S}) when is_list(S) -> ["{", text(R), ",STACK}"];
text({nocatch, R}) -> ["{nocatch,", text(R), "}"];
text(A) -> atom_to_list(A).

action({spawn, _}) -> fun() -> {pid, spawn(fun loop/0)} end;
action({spawn_link, _}) -> fun() -> {pid, spawn_link(fun loop/0)} end;
action({spawn_monitor, _}) -> fun() -> {P, R} = spawn_monitor(fun loop/0), {pid, P, R} end;
action({link, _, T}) -> P = at(T), fun() -> link(P) end;
action({unlink, _, T}) -> P = at(T), fun() -> unlink(P) end;
action({monitor, _, T}) -> P = at(T), fun() -> {ref, monitor(process, P)} end;
action({monitor_alias, _, T, Mode}) -> P = at(T), fun() -> {ref, monitor(process, P, [{alias, Mode}])} end;
action({alias, _}) -> fun() -> {ref, alias()} end;
action({unalias, By, Nth}) -> with(By, Nth, fun(R) -> unalias(R) end);
action({demonitor, By, Nth}) -> with(By, Nth, fun(R) -> demonitor(R) end);
action({demonitor_flush, By, Nth}) -> with(By, Nth, fun(R) -> demonitor(R, [flush]) end);
action({demonitor_info, By, Nth}) -> with(By, Nth, fun(R) -> demonitor(R, [info]) end);
action({send_ref, _, T, Nth, M}) -> with(T, Nth, fun(R) -> R ! M end);
action({trap, _, B}) -> fun() -> process_flag(trap_exit, B) end;
action({send, _, T, M}) -> P = at(T), fun() -> P ! M end;
action({send_name, _, Name, M}) -> fun() -> Name ! M end;
action({exit2, _, T, R}) -> P = at(T), fun() -> exit(P, R) end;
action({exit, _, R}) -> {uncaught, fun() -> exit(R) end};
action({throw, _, R}) -> {uncaught, fun() -> throw(R) end};
action({error, _, R}) -> {uncaught, fun() -> error(R) end};
action({return, _}) -> {uncaught, fun() -> return end};
action({register, _, Name, T}) -> P = at(T), fun() -> register(Name, P) end;
action({unregister, _, Name}) -> fun() -> unregister(Name) end.

with(Owner, Nth, F) ->
    Made = maps:get(Owner, get(refs), []),
    case length(Made) > Nth of
        false -> fun() -> none end;
        true -> R = lists:nth(Nth + 1, Made), fun() -> F(R) end
    end.

loop() ->
    receive
        {do, _, _, {uncaught, F}} -> F();
        {do, Ref, From, F} ->
            Result = try F() catch error:R -> R end,
            From ! {done, Ref, Result},
            loop()
    end.
