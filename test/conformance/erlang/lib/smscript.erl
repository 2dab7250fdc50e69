%% Steps about state machine probes as terms: what scenarios and random programs consist of.
%%
%%   {start,Name,Options} {start_link,Name,Options}    options: {mode,M} {state,S} {data,D} {reg,R} trap quiet {init,Order}
%%                                                     {terminate,Order} {on,Type,Content,State,Order}
%%   {cast,Name,Events} {send,Name,Messages} {call,Name,Request} {call,Name,Request,Timeout} {late,Label,Name,Request}
%%   {sleep,Ms} settle {log,Text} mailbox trap_exit {watch,Name} {down,Name} {exit,Name,Reason} {alive,Name} {whereis,Reg}
%%   {stop,Name} {stop,Name,Reason,Timeout} {get_state,Name} {replace_state,Name,{State,Data}} {suspend,Name} {resume,Name}
%%   {terminate,Name,Reason}
%%
%% Orders: {return,Result} {exit,R} {error,R} {throw,T} {sleep,Ms}. 'FROM' in a result is the from of the call at hand.
-module(smscript).
-export([run/1, perform/1]).

%% The steps of a scenario's meta/0.
run(Module) ->
    #{steps := Steps} = Module:meta(),
    perform([term(Step) || Step <- Steps]).

perform(Steps) -> lists:foreach(fun step/1, Steps).

term(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.

step({F, N, O}) when F =:= start; F =:= start_link ->
    oracle:do(text("~ts ~ts", [F, N]), fun() -> R = sprobe:F(N, options(O)), oracle:settle(), R end);
step({cast, N, Events}) -> [gen_statem:cast(pid(N), E) || E <- Events];
step({send, N, Messages}) -> [pid(N) ! M || M <- Messages];
step({call, N, R}) -> do("call", R, fun() -> gen_statem:call(pid(N), R) end);
step({call, N, R, T}) -> do("call", R, fun() -> gen_statem:call(pid(N), R, T) end);
step({late, Who, N, R}) ->
    oracle:spawn(Who, fun() ->
        Line = try ["got ", oracle:fmt(gen_statem:call(pid(N), R))] catch C:E -> [atom_to_list(C), " ", oracle:fmt(E)] end,
        oracle:sleep(40), oracle:log(Line) end),
    oracle:sleep(10);
step({sleep, Ms}) -> oracle:sleep(Ms);
step(settle) -> oracle:settle();
step({log, Text}) -> oracle:log(atom_to_list(Text));
step(mailbox) -> oracle:mailbox();
step(trap_exit) -> process_flag(trap_exit, true);
step({watch, N}) -> put({watch, N}, oracle:watch(pid(N)));
step({down, N}) -> oracle:down(get({watch, N}));
step({exit, N, R}) -> exit(pid(N), R);
step({alive, N}) -> do("alive", N, fun() -> is_process_alive(pid(N)) end);
step({whereis, R}) -> do("whereis", R, fun() -> whereis(R) end);
step({stop, N}) -> do("stop", N, fun() -> gen_statem:stop(pid(N)) end);
step({stop, N, R, T}) -> do("stop", N, fun() -> gen_statem:stop(pid(N), R, T) end);
step({get_state, N}) -> do("get_state", N, fun() -> sys:get_state(pid(N), 1000) end);
step({replace_state, N, SD}) -> do("replace_state", N, fun() -> sys:replace_state(pid(N), fun(_) -> SD end) end);
step({suspend, N}) -> do("suspend", N, fun() -> sys:suspend(pid(N)) end);
step({resume, N}) -> do("resume", N, fun() -> R = sys:resume(pid(N)), oracle:settle(), R end);
step({terminate, N, R}) -> do("terminate", N, fun() -> sys:terminate(pid(N), R) end).

do(Verb, Term, F) ->
    oracle:do(text("~ts ~ts", [Verb, oracle:fmt(Term)]), fun() ->
        try F() of R -> oracle:sleep(20), R
        catch C:E:S -> oracle:sleep(20), erlang:raise(C, E, S) end end).

pid(N) -> case whereis(N) of undefined -> oracle:pid(N); P -> P end.

text(Format, Args) -> lists:flatten(io_lib:format(Format, Args)).

options(List) ->
    Ons = [{T, X, S, O} || {on, T, X, S, O} <- List],
    Plain = [case O of trap -> {trap, true}; quiet -> {quiet, true}; {init, Order} -> {init, fun() -> order(Order, none) end};
                 {terminate, Order} -> {terminate, fun(_, _, _) -> order(Order, none) end}; _ -> O end
             || O <- List, not (is_tuple(O) andalso element(1, O) =:= on)],
    (maps:from_list(Plain))#{event => fun(T, X, S, _) -> event(T, X, S, Ons) end}.

event(T, X, S, Ons) ->
    {Kind, From} = case T of {call, F} -> {call, F}; _ -> {T, none} end,
    case [O || {T1, X1, S1, O} <- Ons, fits(T1, Kind), fits(X1, X), fits(S1, S)] of
        [Order | _] -> order(Order, From);
        [] -> default
    end.

fits(any, _) -> true;
fits(A, B) -> A =:= B.

order({return, T}, From) -> from(T, From);
order({exit, R}, _) -> exit(R);
order({error, R}, _) -> error(R);
order({throw, T}, From) -> throw(from(T, From));
order({sleep, Ms}, _) -> timer:sleep(Ms), keep_state_and_data.

from('FROM', From) -> From;
from(T, From) when is_tuple(T) -> list_to_tuple([from(E, From) || E <- tuple_to_list(T)]);
from(L, From) when is_list(L) -> [from(E, From) || E <- L];
from(T, _) -> T.
