-module(smx_timeout_update_running).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "update of time-outs that run",
      contract => "An event time-out that was cancelled by the event is started anew with time zero.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{timeout,40,t1}]},{keep,[{timeout,update,t2}]},q1]}",
        "settle",
        "{cast,sm,[{keep,[{timeout,40,t3},{timeout,update,t4}]}]}",
        "{sleep,100}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
