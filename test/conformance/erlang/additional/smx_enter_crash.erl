-module(smx_enter_crash).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "an enter call that fails",
      contract => "terminate gets the state and the data that the transition came from.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,m1,[{mode,[handle_event_function,state_enter]},{on,enter,any,b,{error,boom}}]}",
        "{watch,m1}",
        "{cast,m1,[{next,b}]}",
        "{down,m1}",
        "{start,m2,[{mode,[handle_event_function,state_enter]},{on,enter,any,b,{exit,boom}}]}",
        "{watch,m2}",
        "{cast,m2,[{return,{next_state,b,d1}}]}",
        "{down,m2}",
        "{start,m3,[{mode,[handle_event_function,state_enter]},{on,enter,any,b,{throw,{keep_state,d2}}}]}",
        "{cast,m3,[{next,b}]}",
        "{call,m3,state}",
        "{start,m4,[{mode,[handle_event_function,state_enter]},{on,enter,any,b,{return,{stop,over,d3}}}]}",
        "{watch,m4}",
        "{cast,m4,[{return,{next_state,b,d1,[postpone]}}]}",
        "{down,m4}"]}.
run() -> smscript:run(?MODULE).
