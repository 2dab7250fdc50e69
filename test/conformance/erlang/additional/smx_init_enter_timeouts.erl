-module(smx_init_enter_timeouts).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "time-outs of init and of the first enter call",
      contract => "Both are set; of the same kind, that of the enter call counts.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{init,{return,{ok,a,d0,[{state_timeout,30,init},{{timeout,n},60,init}]}}},{on,enter,any,a,{return,{keep_state,d1,[{state_timeout,60,enter},{timeout,120,t}]}}}]}",
        "{sleep,250}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
