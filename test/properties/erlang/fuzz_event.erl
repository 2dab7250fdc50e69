%% Carries out the programs of event_programs.ts, lists of steps, and prints the trace of each, followed by the line `end`.
-module(fuzz_event).
-export([main/1]).

main(File) ->
    logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(File),
    [run(P) || P <- Programs],
    halt(0).

run(Steps) ->
    Tables = [oracle_trace, oracle_names, oracle_pids],
    ets:new(oracle_trace, [named_table, public, ordered_set]),
    [ets:new(T, [named_table, public]) || T <- tl(Tables)],
    Before = erlang:processes(),
    {P, R} = spawn_monitor(fun() ->
        oracle:name(self(), main), process_flag(trap_exit, true), evscript:perform(Steps),
        ets:insert(oracle_trace, {erlang:unique_integer([monotonic]), the_end}) end),
    Why = receive {'DOWN', R, process, P, W} -> W end,
    Lines = lists:takewhile(fun(L) -> L =/= the_end end, [L || {_, L} <- ets:tab2list(oracle_trace)]),
    [io:put_chars([L, $\n]) || L <- Lines],
    case Why of normal -> ok; _ -> io:format("!! main died: ~w~n", [Why]) end,
    io:put_chars("end\n"),
    [exit(X, kill) || X <- erlang:processes() -- Before],
    timer:sleep(1),
    [ets:delete(T) || T <- Tables].
