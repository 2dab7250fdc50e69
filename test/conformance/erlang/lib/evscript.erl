%% Steps about an event manager m and its handlers as terms: what random programs consist of.
%%
%%   start start_link {add,H,Opts} {add_sup,H,Opts} {delete,H,Term} {swap,H,Term,H2,Opts} {swap_sup,H,Term,H2,Opts}
%%   {notify,Events} {sync,Event} {call,H,Request} {send,Messages} which states mailbox settle {by,Process,Step}
%%   {end,Process,Reason} {exit,Reason} stop {stop,Reason} {suspend,Steps} watch down
%%
%% Opts is {opts,List}: {state,S} {init,Order} {terminate,Order}. Orders: {return,Term} {exit,R} {error,R} {throw,Term}; 'ST' in
%% their terms is the handler's own state. Events are commands of evh, with 'ST' filled in, too.
-module(evscript).
-export([perform/1]).

perform(Steps) ->
    [oracle:idle(P) || P <- [p1, p2]],
    lists:foreach(fun(S) -> step(options(S)) end, Steps).

step(start) -> evh:start(m);
step(start_link) -> {ok, M} = gen_event:start_link(), oracle:name(M, m);
step({add, H, O}) -> do("add", H, fun() -> evh:add(m(), H, O) end);
step({add_sup, H, O}) -> do("add_sup", H, fun() -> evh:add_sup(m(), H, O) end);
step({delete, H, T}) -> do("delete", H, fun() -> gen_event:delete_handler(m(), {evh, H}, T) end);
step({swap, H, T, H2, O}) ->
    do("swap", H, fun() -> gen_event:swap_handler(m(), {{evh, H}, T}, {{evh, H2}, {H2, O}}) end);
step({swap_sup, H, T, H2, O}) ->
    do("swap_sup", H, fun() -> gen_event:swap_sup_handler(m(), {{evh, H}, T}, {{evh, H2}, {H2, O}}) end);
step({notify, Events}) -> [gen_event:notify(m(), E) || E <- Events], oracle:settle();
step({sync, E}) -> do("sync", E, fun() -> gen_event:sync_notify(m(), E) end);
step({call, H, R}) -> do("call", R, fun() -> gen_event:call(m(), {evh, H}, R, 1000) end);
step({send, Messages}) -> [m() ! M || M <- Messages], oracle:settle();
step(which) -> do("which", m, fun() -> gen_event:which_handlers(m()) end);
step(states) -> do("states", m, fun() -> [S || {_, _, {_, _, S}} <- sys:get_state(m(), 1000)] end);
step(mailbox) -> oracle:mailbox();
step(settle) -> oracle:settle();
step({by, P, S}) ->
    case is_process_alive(oracle:pid(P)) of
        true -> oracle:tell(oracle:pid(P), fun() -> step(S) end);
        false -> ok
    end,
    oracle:settle();
step({'end', P, R}) -> oracle:pid(P) ! {exit, R}, oracle:settle();
step({exit, R}) -> exit(m(), R), oracle:settle();
step(stop) -> do("stop", m, fun() -> gen_event:stop(m(), normal, 1000) end);
step({stop, R}) -> do("stop", R, fun() -> gen_event:stop(m(), R, 1000) end);
step({suspend, Steps}) ->
    do("suspend", m, fun() -> sys:suspend(m(), 1000) end),
    lists:foreach(fun step/1, Steps),
    do("resume", m, fun() -> sys:resume(m(), 1000) end),
    oracle:settle();
step(watch) -> put(watch, oracle:watch(m()));
step(down) -> oracle:down(get(watch)).

do(Verb, Term, F) ->
    oracle:do(lists:flatten(io_lib:format("~ts ~ts", [Verb, oracle:fmt(Term)])), fun() ->
        try F() of R -> oracle:settle(), R
        catch C:E:S -> oracle:settle(), erlang:raise(C, E, S) end end).

m() -> oracle:pid(m).

options({opts, List}) -> maps:from_list([option(O) || O <- List]);
options(T) when is_tuple(T) -> list_to_tuple([options(E) || E <- tuple_to_list(T)]);
options(L) when is_list(L) -> [options(E) || E <- L];
options(T) -> T.

option({init, Order}) -> {init, fun(St) -> order(Order, St) end};
option({terminate, Order}) -> {terminate, fun(_, S) -> order(Order, S) end};
option(O) -> O.

order({return, T}, St) -> evh:filled(T, St);
order({exit, R}, _) -> exit(R);
order({error, R}, _) -> error(R);
order({throw, T}, St) -> throw(evh:filled(T, St)).
