-module(smx_postpone_timeout).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "time-out events may be postponed",
      contract => "They come back with their content.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{state_timeout,20,{in,b,s1}},{{timeout,n},40,{in,b,g1}}]}]}",
        "{sleep,100}",
        "{log,leave}",
        "{cast,sm,[{next,b}]}",
        "settle",
        "{cast,sm,[{keep,[{timeout,20,{in,c,t1}}]}]}",
        "{sleep,80}",
        "{cast,sm,[{next,c}]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
