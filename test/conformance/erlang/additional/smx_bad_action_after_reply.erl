-module(smx_bad_action_after_reply).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a reply before an invalid action",
      contract => "It has been given.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{on,call,go,any,{return,{keep_state,d1,[{reply,'FROM',early},garbage]}}}]}",
        "{watch,sm}",
        "{call,sm,go}",
        "{down,sm}",
        "{start,m2,[{on,call,go,any,{return,{stop_and_reply,over,[{reply,'FROM',early},garbage],d2}}}]}",
        "{watch,m2}",
        "{call,m2,go}",
        "{down,m2}"]}.
run() -> smscript:run(?MODULE).
