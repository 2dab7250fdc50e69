-module(smx_postpone_call).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a postponed call",
      contract => "Its caller is answered when the state has changed, or gets the reason of the machine's end.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{late,c1,sm,{in,b,ping}}",
        "{late,c2,sm,{in,c,ping}}",
        "{late,c3,sm,{in,d,ping}}",
        "{cast,sm,[{next,b}]}",
        "settle",
        "{cast,sm,[{next,c}]}",
        "settle",
        "{cast,sm,[{stop,over}]}",
        "settle"]}.
run() -> smscript:run(?MODULE).
