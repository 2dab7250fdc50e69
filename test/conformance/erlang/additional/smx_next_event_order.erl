-module(smx_next_event_order).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "inserted events, postponed events, time-outs of zero and messages",
      contract => "In this order.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{sleep,40},{in,b,p1},{in,b,p2},{next,b,[{timeout,0,t0},{next_event,internal,i1},{state_timeout,0,s0},{next_event,cast,i2}]},q1]}",
        "{send,sm,[q2]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
