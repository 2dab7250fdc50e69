%% Carries out the programs of supervisor_model.ts on a real BEAM. A program is
%% {Strategy, Intensity, Auto, Initial, [{Id, Restart, Significant, Fails}], Steps}. For the start and for each step it
%% prints the result, what was logged, and the children in start order (or `ended`), one line each.
-module(fuzz_supervisor).
-behaviour(supervisor).
-export([main/1, init/1, child/2, handle_call/3, handle_cast/2, terminate/2]).

main(File) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    {ok, Programs} = file:consult(File),
    ets:new(log, [named_table, public, ordered_set]),
    ets:new(starts, [named_table, public]),
    ets:new(pids, [named_table, public]),
    [run(P) || P <- Programs],
    halt(0).
%% Under simple_one_for_one a child's arguments are its id and its failures.

run({Strategy, Intensity, Auto, Initial, Specs, Steps}) ->
    ets:delete_all_objects(log), ets:delete_all_objects(starts),
    put(strategy, Strategy), ets:delete_all_objects(pids),
    Flags = #{strategy => Strategy, intensity => Intensity, period => 10000, auto_shutdown => Auto},
    R = supervisor:start_link(?MODULE, {sup, Flags, case Strategy of
        simple_one_for_one -> {Id, Restart, Significant, _} = hd(Specs),
            [#{id => Id, restart => Restart, significant => Significant, start => {?MODULE, child, []}}];
        _ -> [spec(S) || S <- lists:sublist(Specs, Initial)] end}),
    Sup = case R of {ok, P} -> P; _ -> none end,
    show(case R of {ok, _} -> ok; E -> E end, Sup),
    [show(step(S, Sup, Specs), Sup) || S <- Steps],
    case is_pid(Sup) andalso is_process_alive(Sup) of true -> gen_server:stop(Sup); false -> ok end,
    flush().

flush() -> receive _ -> flush() after 0 -> ok end.

step(S, Sup, Specs) ->
    try do(S, Sup, Specs) of
        {ok, _} -> ok;
        {error, {T, _}} when T =:= bad; T =:= already_started -> {error, T};
        R -> R
    catch exit:_ -> noproc
    end.

do(_, none, _) -> noproc;
do(S, Sup, Specs) -> case get(strategy) of simple_one_for_one -> simple(S, Sup, Specs); _ -> listed(S, Sup, Specs) end.

simple({crash, Id, Reason}, Sup, _) -> crash(running(Id, Sup), Reason);
simple({terminate, Id}, Sup, _) -> case running(Id, Sup) of none -> none; P -> supervisor:terminate_child(Sup, P) end;
simple({restart, _}, Sup, _) -> supervisor:restart_child(Sup, c0);
simple({delete, _}, Sup, _) -> supervisor:delete_child(Sup, c0);
simple({start, Id}, Sup, Specs) ->
    case running(Id, Sup) of
        none -> supervisor:start_child(Sup, [Id, element(4, lists:keyfind(Id, 1, Specs))]);
        _ -> running
    end.

running(Id, Sup) ->
    Pid = case ets:lookup(pids, Id) of [{_, P}] -> P; [] -> none end,
    case lists:keymember(Pid, 2, supervisor:which_children(Sup)) of true -> Pid; false -> none end.

crash(none, _) -> none;
crash(P, kill) -> exit(P, kill), ok;
crash(P, Reason) -> gen_server:cast(P, Reason), ok.

listed({crash, Id, Reason}, Sup, _) ->
    case lists:keyfind(Id, 1, supervisor:which_children(Sup)) of
        {_, P, _, _} when is_pid(P) -> crash(P, Reason);
        _ -> none
    end;
listed({terminate, Id}, Sup, _) -> supervisor:terminate_child(Sup, Id);
listed({restart, Id}, Sup, _) -> supervisor:restart_child(Sup, Id);
listed({delete, Id}, Sup, _) -> supervisor:delete_child(Sup, Id);
listed({start, Id}, Sup, Specs) -> supervisor:start_child(Sup, spec(lists:keyfind(Id, 1, Specs))).

show(Result, Sup) ->
    quiet(Sup, 3),
    Log = [T || {_, T} <- ets:tab2list(log)], ets:delete_all_objects(log),
    io:put_chars([text(Result), "\n", lists:join(";", Log), "\n", children(Sup), "\n"]).

children(Sup) ->
    case is_pid(Sup) andalso is_process_alive(Sup) of
        false -> "ended";
        true -> ["[", lists:join(";", [[name(I, P), " ", case P of _ when is_pid(P) -> "pid"; _ -> atom_to_list(P) end]
                                       || {I, P, _, _} <- lists:reverse(supervisor:which_children(Sup))]), "]"]
    end.

name(undefined, P) -> [[Id]] = ets:match(pids, {'$1', P}), atom_to_list(Id);
name(Id, _) -> atom_to_list(Id).

%% Wait until nothing is logged any more.
quiet(_, 0) -> ok;
quiet(Sup, K) ->
    N = ets:info(log, size), timer:sleep(1),
    case is_pid(Sup) andalso process_info(Sup, [status, message_queue_len]) of
        [{status, S}, {message_queue_len, L}] when S =/= waiting; L > 0 -> quiet(Sup, 3);
        _ -> case ets:info(log, size) of N -> quiet(Sup, K - 1); _ -> quiet(Sup, 3) end
    end.

text(T) -> re:replace(io_lib:format("~w", [T]), " ", "", [global]).

log(T) -> ets:insert(log, {erlang:unique_integer([monotonic]), T}).

spec({Id, Restart, Significant, Fails}) ->
    #{id => Id, restart => Restart, significant => Significant, start => {?MODULE, child, [Id, Fails]}}.
child(Id, Fails) -> gen_server:start_link(?MODULE, {child, Id, Fails}, []).

init({sup, Flags, Specs}) -> {ok, {Flags, Specs}};
init({child, Id, Fails}) ->
    process_flag(trap_exit, true),
    Nth = ets:update_counter(starts, Id, 1, {Id, 0}),
    log(["start ", atom_to_list(Id)]),
    case lists:member(Nth, Fails) of true -> {stop, bad}; false -> ets:insert(pids, {Id, self()}), {ok, Id} end.
handle_call(_, _, S) -> {noreply, S}.
handle_cast(boom, _) -> exit(boom);
handle_cast(R, S) -> {stop, R, S}.
terminate(R, Id) -> log(["stop ", atom_to_list(Id), " ", atom_to_list(R)]).
