-module(smx_enter_repeat_once).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "repeat_state in an enter call",
      contract => "The enter call is made again, with the same old state.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{data,one},{on,enter,a,b,{return,{keep_state,two}}}]}",
        "{cast,sm,[{next,b},{return,{repeat_state,three}},{next,a},{next,b}]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
