%% Carries out the programs of signal_model.ts on a real BEAM, and prints what is seen after each step, one line each:
%% the result, and for each process `dead Reason` or its messages and links.
-module(fuzz_signals).
-export([main/1]).
-define(N, 4).

main(File) ->
    logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(File),
    [begin run(P), io:put_chars("end\n") end || P <- Programs],
    halt(0).

run(Program) ->
    Pids = [element(1, spawn_monitor(fun loop/0)) || _ <- lists:seq(1, ?N)],
    put(dead, #{}), put(monitors, #{}),
    [step(S, list_to_tuple(Pids)) || S <- Program],
    [exit(P, kill) || P <- Pids],
    [case maps:is_key(P, get(dead)) of true -> ok; false -> receive {'DOWN', _, process, P, _} -> ok end end || P <- Pids],
    [catch unregister(Name) || Name <- [n1, n2]].

at(I, Pids) -> element(I + 1, Pids).

step(S, Pids) ->
    By = element(2, S),
    Pid = at(By, Pids),
    Result = case maps:is_key(Pid, get(dead)) of
        true -> "dead";
        false ->
            Ref = make_ref(),
            Pid ! {do, Ref, self(), action(S, Pids, maps:get(By, get(monitors), []))},
            receive
                {done, Ref, {monitor, M}} ->
                    put(monitors, maps:update_with(By, fun(L) -> L ++ [M] end, [M], get(monitors))), "ref";
                {done, Ref, R} -> text(R);
                {'DOWN', _, process, Pid, Why} -> put(dead, maps:put(Pid, Why, get(dead))), "died"
            end
    end,
    quiet(Pids), bury(),
    io:put_chars([Result, "\n"]),
    [io:put_chars([look(I, Pids), "\n"]) || I <- lists:seq(0, ?N - 1)].

bury() -> receive {'DOWN', _, process, P, R} -> put(dead, maps:put(P, R, get(dead))), bury() after 0 -> ok end.

%% Wait until nothing moves: every living process is waiting, and the deaths have been told, twice in a row with a pause.
quiet(Pids) -> quiet(Pids, 2).
quiet(_, 0) -> ok;
quiet(Pids, K) ->
    timer:sleep(1), bury(),
    Moves = fun(P) ->
        case process_info(P, status) of
            undefined -> not maps:is_key(P, get(dead));
            {status, S} -> S =/= waiting
        end end,
    case lists:any(Moves, tuple_to_list(Pids)) of
        false -> quiet(Pids, K - 1);
        true -> quiet(Pids, 2)
    end.

look(I, Pids) ->
    P = at(I, Pids),
    case process_info(P, [messages, links]) of
        undefined -> ["dead ", text(maps:get(P, get(dead)))];
        [{messages, Ms}, {links, Ls}] ->
            ["messages ", lists:join(";", [message(M, I, Pids) || M <- Ms]),
             " links ", lists:join(",", [integer_to_list(X) || X <- lists:sort([index(L, Pids) || L <- Ls])])]
    end.

index(P, Pids) -> length(lists:takewhile(fun(X) -> X =/= P end, tuple_to_list(Pids))).

message({'EXIT', F, R}, _, Pids) -> ["'EXIT' ", integer_to_list(index(F, Pids)), " ", text(R)];
message({'DOWN', Ref, process, P, R}, I, Pids) ->
    Made = maps:get(I, get(monitors), []),
    Nth = length(lists:takewhile(fun(X) -> X =/= Ref end, Made)),
    ["'DOWN' ", integer_to_list(Nth), " ", integer_to_list(index(P, Pids)), " ", text(R)];
message(M, _, _) -> text(M).

text({R, S}) when is_list(S) -> ["{", text(R), ",STACK}"];
text({nocatch, R}) -> ["{nocatch,", text(R), "}"];
text(A) -> atom_to_list(A).

action({link, _, T}, Pids, _) -> P = at(T, Pids), fun() -> link(P) end;
action({unlink, _, T}, Pids, _) -> P = at(T, Pids), fun() -> unlink(P) end;
action({monitor, _, T}, Pids, _) -> P = at(T, Pids), fun() -> {monitor, monitor(process, P)} end;
action({Demonitor, _, Nth}, _, Made) when Demonitor =:= demonitor; Demonitor =:= demonitor_flush ->
    case length(Made) > Nth of
        false -> fun() -> none end;
        true -> R = lists:nth(Nth + 1, Made),
                O = case Demonitor of demonitor_flush -> [flush]; _ -> [] end,
                fun() -> demonitor(R, O) end
    end;
action({trap, _, B}, _, _) -> fun() -> process_flag(trap_exit, B) end;
action({send, _, T, M}, Pids, _) -> P = at(T, Pids), fun() -> P ! M end;
action({send_name, _, Name, M}, _, _) -> fun() -> Name ! M end;
action({exit2, _, T, R}, Pids, _) -> P = at(T, Pids), fun() -> exit(P, R) end;
action({exit, _, R}, _, _) -> {uncaught, fun() -> exit(R) end};
action({throw, _, R}, _, _) -> {uncaught, fun() -> throw(R) end};
action({error, _, R}, _, _) -> {uncaught, fun() -> error(R) end};
action({return, _}, _, _) -> {uncaught, fun() -> return end};
action({register, _, Name, T}, Pids, _) -> P = at(T, Pids), fun() -> register(Name, P) end;
action({unregister, _, Name}, _, _) -> fun() -> unregister(Name) end.

loop() ->
    receive
        {do, _, _, {uncaught, F}} -> F();
        {do, Ref, From, F} ->
            Result = try F() catch error:R -> R end,
            From ! {done, Ref, Result},
            loop()
    end.
