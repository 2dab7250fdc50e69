-module(smx_postpone_inserted).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "inserted events may be postponed",
      contract => "They come back like others, in the order in which they were postponed.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{in,b,c1},{keep,[{next_event,internal,{in,b,i1}},{next_event,info,{in,b,i2}}]},{in,b,c2},{next,b}]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
