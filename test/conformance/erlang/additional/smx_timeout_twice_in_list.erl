-module(smx_timeout_twice_in_list).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "two of a kind in one list",
      contract => "The last counts; a cancel behind cancels, one before does not.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{state_timeout,0,s1},{state_timeout,30,s2},{{timeout,n},30,g1},{{timeout,n},0,g2},{timeout,30,t1},40]}]}",
        "{sleep,120}",
        "{log,next}",
        "{cast,sm,[{keep,[{state_timeout,cancel},{state_timeout,20,s3},{{timeout,n},20,g3},{{timeout,n},cancel},{{timeout,{m,1}},20,g4},{{timeout,{m,1}},30,g5}]}]}",
        "{sleep,120}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
