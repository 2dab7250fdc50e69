-module(smx_change_module).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "change_callback_module",
      contract => "The next event goes to the other module; the enter call of the change as well.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,state_functions}]}",
        "{cast,sm,[{keep,[{change_callback_module,smother}]},x]}",
        "{call,sm,ping}",
        "{cast,sm,[{return,{next_state,b,d1}},y]}",
        "settle",
        "{get_state,sm}",
        "{watch,sm}",
        "{cast,sm,[{return,{keep_state_and_data,[pop_callback_module]}}]}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
