-module(smx_throw_result).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "throw in a state function",
      contract => "What is thrown is the result.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{throw,{next_state,b,d1}}]}",
        "{call,sm,state}",
        "{cast,sm,[{throw,{keep_state,d2,[{next_event,internal,i1}]}}]}",
        "{call,sm,state}",
        "{watch,sm}",
        "{cast,sm,[{throw,ball}]}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
