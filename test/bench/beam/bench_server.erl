%% The gen_server that the rows start: echoes calls, swallows casts, passes a token on, crashes when told.
-module(bench_server).
-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).

start_link(Arg) -> gen_server:start_link(?MODULE, Arg, []).

init({tell, Owner} = State) -> Owner ! {started, self()}, {ok, State};
init(State) -> {ok, State}.

handle_call({burn, Nanoseconds}, _From, State) -> burn(Nanoseconds), {reply, ok, State};
handle_call(Request, _From, State) -> {reply, Request, State}.

handle_cast({next, Next}, _State) -> {noreply, Next};
handle_cast({hop, 0, Owner}, Next) -> Owner ! done, {noreply, Next};
handle_cast({hop, N, Owner}, Next) -> gen_server:cast(Next, {hop, N - 1, Owner}), {noreply, Next};
handle_cast(crash, _State) -> error(boom);
handle_cast(_Message, State) -> {noreply, State}.

handle_info(_Message, State) -> {noreply, State}.

burn(Nanoseconds) -> burn_until(erlang:monotonic_time(nanosecond) + Nanoseconds).
burn_until(End) ->
    case erlang:monotonic_time(nanosecond) >= End of
        true -> ok;
        false -> burn_until(End)
    end.
