-module(smx_module_in_enter).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a change of the module in an enter call",
      contract => "It is not allowed.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{on,enter,a,b,{return,{keep_state,d1,[{push_callback_module,smother}]}}}]}",
        "{watch,sm}",
        "{cast,sm,[{next,b}]}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
