-module(smx_enter_stop_and_reply).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "stop_and_reply in an enter call",
      contract => "The replies are given, and terminate gets the new state.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{on,enter,a,b,{return,{stop_and_reply,over,[],d9}}}]}",
        "{watch,sm}",
        "{cast,sm,[{next,b}]}",
        "{down,sm}",
        "{start,m2,[{mode,[handle_event_function,state_enter]},{on,enter,a,b,{return,{stop_and_reply,over,garbage}}}]}",
        "{watch,m2}",
        "{cast,m2,[{next,b}]}",
        "{down,m2}"]}.
run() -> smscript:run(?MODULE).
