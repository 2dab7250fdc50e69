-module(smx_terminate_fails).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "terminate fails",
      contract => "Its reason takes the place of the other; what it throws does not.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,m1,[{terminate,{exit,other}}]}",
        "{watch,m1}",
        "{cast,m1,[{stop,first}]}",
        "{down,m1}",
        "{start,m2,[{terminate,{error,oops}}]}",
        "{watch,m2}",
        "{cast,m2,[{error,first}]}",
        "{down,m2}",
        "{start,m3,[{terminate,{throw,ball}}]}",
        "{watch,m3}",
        "{cast,m3,[{error,first}]}",
        "{down,m3}",
        "{start,m4,[{terminate,{throw,ball}}]}",
        "{stop,m4}"]}.
run() -> smscript:run(?MODULE).
