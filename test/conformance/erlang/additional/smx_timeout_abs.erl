-module(smx_timeout_abs).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "options of time-outs",
      contract => "{abs,false}, [{abs,false}] and [] are accepted, anything else is not, nor is a list of two.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{state_timeout,20,s1,{abs,false}},{{timeout,n},40,g1,[]},{{timeout,m},60,g2,[{abs,false}]}]}]}",
        "{sleep,120}",
        "{watch,sm}",
        "{cast,sm,[{keep,[{state_timeout,20,s1,{abs,yes}}]}]}",
        "{down,sm}",
        "{start,m3,[]}",
        "{watch,m3}",
        "{cast,m3,[{keep,[{state_timeout,20,s1,[{abs,true},{abs,false}]}]}]}",
        "{down,m3}",
        "{start,m2,[]}",
        "{watch,m2}",
        "{cast,m2,[{keep,[{state_timeout,20,s1,[garbage]}]}]}",
        "{down,m2}"]}.
run() -> smscript:run(?MODULE).
