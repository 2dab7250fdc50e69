-module(evx_swap_hibernate).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_event, area => 'ev-swap',
      title => "a handler whose init returns {ok,State,hibernate}, in the place of another",
      contract => "An init may return {ok,State,hibernate} in add_handler and swap_handler. In a swap that a handler's callback asks for, that is no result: the new handler crashes.",
      steps => ["See erlang/additional/evx_swap_hibernate.erl."]}.
run() ->
    process_flag(trap_exit, true),
    {ok, M} = evh:start(m),
    O = #{init => fun(S) -> {ok, S, hibernate} end},
    Which = fun() -> oracle:do("which", fun() -> gen_event:which_handlers(M) end) end,
    oracle:do("add", fun() -> evh:add(M, h1, O) end), Which(),
    oracle:do("swap", fun() -> gen_event:swap_handler(M, {{evh, h1}, out}, {{evh, h2}, {h2, O}}) end), Which(),
    oracle:do("in an event", fun() -> gen_event:sync_notify(M, {to, h2, {swap, out, h3, O}}) end), Which(),
    oracle:do("add_sup", fun() -> evh:add_sup(M, h4, O) end),
    oracle:do("in a call", fun() -> gen_event:call(M, {evh, h4}, {swap, reply, out, h5, O}) end), Which(),
    oracle:mailbox().
