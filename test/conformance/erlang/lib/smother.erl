%% A second callback module for the state machine probe: for change_callback_module and its like.
-module(smother).
-behaviour(gen_statem).
-export([callback_mode/0, init/1, handle_event/4, terminate/3]).

callback_mode() -> [handle_event_function, state_enter].

init(_) -> error(not_called).

handle_event(T, X, S, _) ->
    oracle:log("other ~ts ~ts ~ts", [case T of {call, _} -> "call"; _ -> oracle:fmt(T) end, oracle:fmt(X), oracle:fmt(S)]),
    case {T, X} of
        {enter, _} -> keep_state_and_data;
        {{call, F}, ping} -> {keep_state_and_data, [{reply, F, other_pong}]};
        {_, {return, R}} -> R;
        {_, {error, R}} -> error(R);
        _ -> keep_state_and_data
    end.

terminate(R, S, D) -> oracle:log("other terminate ~ts ~ts ~ts", [oracle:fmt(R), oracle:fmt(S), oracle:fmt(D)]).
