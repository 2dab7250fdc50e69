-module(smx_zero_state_change).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a state time-out of zero and a change of state",
      contract => "The change cancels it although it was due; one with a name comes in the new state.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{state_timeout,0,s1},{{timeout,n},0,g1},{next_event,internal,{next,b}}]},q1]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
