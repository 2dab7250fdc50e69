-module(smx_bad_callback_mode).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "callback_mode returns something else",
      contract => "The machine has been started; terminate is called with {bad_return_from_callback_mode,Result}.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "trap_exit",
        "{start_link,m1,[{mode,garbage}]}",
        "mailbox",
        "{start_link,m2,[{mode,[state_enter]}]}",
        "mailbox",
        "{start_link,m3,[{mode,[state_functions,garbage]}]}",
        "mailbox",
        "{start_link,m4,[{mode,[]}]}",
        "mailbox",
        "{start_link,m5,[{mode,[state_functions,handle_event_function]},{state,{x,1}}]}",
        "{call,m5,state}"]}.
run() -> smscript:run(?MODULE).
