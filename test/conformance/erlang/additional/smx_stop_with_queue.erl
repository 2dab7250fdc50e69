-module(smx_stop_with_queue).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a stop while events are queued",
      contract => "Inserted, postponed and waiting events are lost.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{watch,sm}",
        "{cast,sm,[{sleep,30},{in,b,p1},{keep,[{next_event,internal,{stop,over}},{next_event,internal,i1}]},q1]}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
