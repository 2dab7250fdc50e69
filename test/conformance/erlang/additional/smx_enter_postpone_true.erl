-module(smx_enter_postpone_true).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "{postpone,true} in an enter call",
      contract => "It is an invalid action like any other.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{on,enter,a,b,{return,{keep_state,d1,[{postpone,true}]}}}]}",
        "{watch,sm}",
        "{cast,sm,[{next,b}]}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
