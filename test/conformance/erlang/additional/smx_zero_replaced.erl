-module(smx_zero_replaced).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a time-out of zero that is set again, cancelled or updated",
      contract => "Set again it moves behind; cancelled it never comes; updated it keeps its place.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{on,internal,again,any,{return,{keep_state_and_data,[{{timeout,x},0,x2}]}}},{on,internal,cancel,any,{return,{keep_state_and_data,[{{timeout,x},cancel}]}}},{on,internal,update,any,{return,{keep_state_and_data,[{{timeout,x},update,x3}]}}}]}",
        "{cast,sm,[{keep,[{{timeout,x},0,x1},{{timeout,y},0,y1},{next_event,internal,again}]}]}",
        "settle",
        "{cast,sm,[{keep,[{{timeout,x},0,x1},{{timeout,y},0,y1},{next_event,internal,cancel}]}]}",
        "settle",
        "{cast,sm,[{keep,[{{timeout,x},0,x1},{{timeout,y},0,y1},{next_event,internal,update}]}]}",
        "settle",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
