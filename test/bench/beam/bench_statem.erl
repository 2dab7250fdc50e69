%% The gen_statem that the rows start: echoes calls.
-module(bench_statem).
-behaviour(gen_statem).
-export([callback_mode/0, init/1, idle/3]).

callback_mode() -> state_functions.

init([]) -> {ok, idle, 0}.

idle({call, From}, Request, _Data) -> {keep_state_and_data, [{reply, From, Request}]}.
