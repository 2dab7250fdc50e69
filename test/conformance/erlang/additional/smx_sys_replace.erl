-module(smx_sys_replace).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "replace_state to a state with postponed events",
      contract => "They stay postponed until a transition.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[state_functions,state_enter]}]}",
        "{cast,sm,[{in,b,p1}]}",
        "{replace_state,sm,{b,d1}}",
        "{get_state,sm}",
        "{cast,sm,[x,{return,repeat_state_and_data}]}",
        "settle",
        "{cast,sm,[{next,c}]}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
