-module(smx_zero_order).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "time-outs of zero that set others",
      contract => "They queue behind one another; a message comes when none is left.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{on,state_timeout,s1,any,{return,{keep_state_and_data,[{{timeout,n},0,g1},{next_event,internal,i1}]}}}]}",
        "{cast,sm,[{sleep,40},{keep,[{state_timeout,0,s1},{{timeout,m},0,m1}]},q1]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
