-module(smx_wire_forms).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "what gen_server sends and what looks like it",
      contract => "A time-out message of somebody else is info; so are tuples that only look like a call.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{send,sm,[{timeout,1,state_timeout},{state_timeout,x},{'$gen_cast',c1},{'$gen_call',x},{'DOWN',x},{'EXIT',x,y}]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
