-module(smx_stop_and_reply_single).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "stop_and_reply with one reply",
      contract => "A list is not needed; nothing is needed.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,m1,[{on,call,go,any,{return,{stop_and_reply,normal,{reply,'FROM',bye},d1}}}]}",
        "{watch,m1}",
        "{call,m1,go}",
        "{down,m1}",
        "{start,m2,[{on,call,go,any,{return,{stop_and_reply,normal,[]}}}]}",
        "{watch,m2}",
        "{call,m2,go}",
        "{down,m2}"]}.
run() -> smscript:run(?MODULE).
