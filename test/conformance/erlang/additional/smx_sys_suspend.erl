-module(smx_sys_suspend).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "suspend and resume",
      contract => "Nothing is handled meanwhile, time-outs fire behind what waits; the parent's end still ends it.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{state_timeout,30,s1}]}]}",
        "settle",
        "{cast,sm,[{keep,[{state_timeout,90,s2}]},x]}",
        "{suspend,sm}",
        "{cast,sm,[y]}",
        "{sleep,150}",
        "{get_state,sm}",
        "{cast,sm,[{next,b}]}",
        "{resume,sm}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
