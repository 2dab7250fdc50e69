%% A supervisor of N permanent bench_servers that tell Owner when their init runs.
-module(bench_supervisor).
-behaviour(supervisor).
-export([start/2, init/1]).

start(Owner, N) ->
    %% supervisor has no start/2; the link is cut so that the probe may end the tree as it likes.
    {ok, Pid} = supervisor:start_link(?MODULE, {Owner, N}),
    unlink(Pid),
    Pid.

init({Owner, N}) ->
    Flags = #{strategy => one_for_one, intensity => 1000000, period => 1},
    {ok, {Flags, [#{id => Id, start => {bench_server, start_link, [{tell, Owner}]}} || Id <- lists:seq(1, N)]}}.
