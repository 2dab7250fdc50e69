-module(evx_swap).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_event, area => 'ev-swap',
      title => "handlers that take the place of others",
      contract => "The old handler's terminate gets Args1, the new one's init {Args2,Result}; the new one stands where the old one stood for a swap from inside, in front for swap_handler. A handler that is not there hands over error. A swap whose init fails gives {error,What}, and the old handler is gone. A supervisor is told {gen_event_EXIT,Handler,{swapped,NewHandler,Pid}} and supervises the new one.",
      steps => ["See erlang/additional/evx_swap.erl."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, M} = evh:start(m),
    Which = fun() -> oracle:do("which", fun() -> gen_event:which_handlers(M) end) end,
    [evh:add(M, H, #{}) || H <- [h1, h2, h3]],
    oracle:do("inside", fun() -> gen_event:sync_notify(M, {to, h2, {swap, out, n2, #{}}}) end), Which(),
    oracle:do("in a call", fun() -> gen_event:call(M, {evh, h3}, {swap, reply, out3, n3, #{}}) end), Which(),
    Swap = fun(L, F, H1, H2, O) -> oracle:do(L, fun() -> gen_event:F(M, {{evh, H1}, args1}, {{evh, H2}, {H2, O}}) end) end,
    Swap("swap h1", swap_handler, h1, n1, #{}), Which(),
    Swap("swap nobody", swap_handler, nobody, n4, #{}), Which(),
    Swap("swap and fail", swap_handler, n4, n5, #{init => fun(_) -> {error, no} end}), Which(),
    Swap("swap and crash", swap_handler, n3, n6, #{init => fun(_) -> exit(bang) end}), Which(),
    oracle:do("inside and fail", fun() -> gen_event:sync_notify(M, {to, n2, {swap, out, n7, #{init => fun(_) -> garbage end}}}) end), Which(),
    oracle:do("add_sup", fun() -> evh:add_sup(M, s1, #{}) end),
    oracle:do("swap s1", fun() -> gen_event:sync_notify(M, {to, s1, {swap, out, s2, #{}}}) end), oracle:mailbox(),
    Swap("swap s2", swap_handler, s2, s3, #{}), oracle:mailbox(),
    Swap("swap_sup n1", swap_sup_handler, n1, s4, #{}), oracle:mailbox(),
    oracle:do("crash s3", fun() -> gen_event:sync_notify(M, {to, s3, {exit, over}}) end), oracle:mailbox(),
    oracle:do("delete s4", fun() -> gen_event:delete_handler(M, {evh, s4}, bye) end), oracle:mailbox(),
    oracle:do("inside and fail", fun() -> evh:add_sup(M, s5, #{}),
        gen_event:sync_notify(M, {to, s5, {swap, out, s6, #{init => fun(_) -> garbage end}}}) end), oracle:mailbox(),
    Which().
