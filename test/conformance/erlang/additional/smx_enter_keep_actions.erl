-module(smx_enter_keep_actions).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "actions that an enter call may have",
      contract => "Replies, time-outs, hibernate and {postpone,false} are; they do not touch the events that the transition inserted.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{on,enter,a,b,{return,{keep_state_and_data,[hibernate,{postpone,false},{{timeout,n},30,x},{state_timeout,60,y}]}}}]}",
        "{cast,sm,[{next,b,[{next_event,internal,i1},{next_event,internal,i2}]},q1]}",
        "{sleep,150}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
