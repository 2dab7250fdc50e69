-module(smx_postpone_and_change).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "postponing the event that changes the state",
      contract => "It is handled again in the new state, behind inserted events and before what was queued.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{on,cast,go,a,{return,{next_state,b,d1,[postpone]}}},{on,cast,go,b,{return,{next_state,c,d2,[{postpone,true},{next_event,internal,i1}]}}}]}",
        "{cast,sm,[{in,b,p1},go,q1]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
