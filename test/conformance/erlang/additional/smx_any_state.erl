-module(smx_any_state).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "states of any term",
      contract => "Equal terms are one state: nothing is entered, nothing postponed comes back.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]},{state,{s,[1,{2}]}}]}",
        "{cast,sm,[{in,[],p1},{next,{s,[1,{2}]}},{return,{next_state,{s,[1,{2}]},d1}},{next,{s,[1]}},{next,[]},{next,1}]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
