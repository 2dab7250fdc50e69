-module(evx_add).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_event, area => 'ev-add',
      title => "handlers that cannot be installed, and what sys tells of those that are",
      contract => "add_handler returns what init returned, if that was not {ok,State}, or {'EXIT',Reason}; the manager is unharmed. get_state lists {Module,Id,State}; replace_state replaces each handler's state, and leaves one alone whose fun fails. stop tells all handlers, the newest first.",
      steps => ["See erlang/additional/evx_add.erl."]}.
run() ->
    {ok, M} = evh:start(m),
    Add = fun(H, F) -> oracle:do(io_lib:format("add ~p", [H]), fun() -> evh:add(M, H, #{init => F}) end) end,
    Add(h1, fun(_) -> exit(boom) end), Add(h2, fun(_) -> error(boom) end), Add(h3, fun(_) -> throw(ball) end),
    Add(h4, fun(_) -> garbage end), Add(h5, fun(_) -> {error, no} end),
    Add(h6, fun({Id, O, S}) -> throw({ok, {Id, O, S}}) end), Add(h7, fun(St) -> {ok, St, hibernate} end),
    oracle:do("which", fun() -> gen_event:which_handlers(M) end),
    oracle:do("get_state", fun() -> [{Mod, Id, S} || {Mod, Id, {_, _, S}} <- sys:get_state(M)] end),
    oracle:do("replace_state", fun() -> [S || {_, _, {_, _, S}} <- sys:replace_state(M, fun
        ({Mod, h6, {Id, O, _}}) -> {Mod, h6, {Id, O, new}};
        (_) -> exit(no) end)] end),
    oracle:do("state h6", fun() -> gen_event:call(M, {evh, h6}, state) end),
    oracle:do("state h7", fun() -> gen_event:call(M, {evh, h7}, state) end),
    oracle:do("call sleep", fun() -> gen_event:call(M, {evh, h7}, {sleep, 10}, infinity) end),
    W = oracle:watch(M),
    oracle:do("kill a bystander", fun() -> gen_event:sync_notify(M, {to, nobody, x}) end),
    oracle:do("stop", fun() -> gen_event:stop(M, over, 1000) end), oracle:down(W).
