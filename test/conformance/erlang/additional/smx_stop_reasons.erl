-module(smx_stop_reasons).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "what stops a machine without a complaint",
      contract => "terminate is called for each; the reason is passed on as it is.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,m1,[]}",
        "{watch,m1}",
        "{cast,m1,[{next,b},{return,{stop,normal,d1}}]}",
        "{down,m1}",
        "{start,m2,[]}",
        "{watch,m2}",
        "{cast,m2,[{next,b},{return,{stop,{shutdown,why},d2}}]}",
        "{down,m2}",
        "{start,m3,[]}",
        "{watch,m3}",
        "{cast,m3,[{next,b},{return,{stop,{a,b},d3}}]}",
        "{down,m3}",
        "{start,m4,[]}",
        "{watch,m4}",
        "{cast,m4,[{next,b},{return,{stop,stop}}]}",
        "{down,m4}"]}.
run() -> smscript:run(?MODULE).
