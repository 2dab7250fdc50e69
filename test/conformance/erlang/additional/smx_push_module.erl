-module(smx_push_module).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "push_callback_module and pop_callback_module",
      contract => "The module below comes back; actions behind in the list are done as well.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{next,b,[{push_callback_module,smother},{next_event,internal,i1}]},x]}",
        "{call,sm,ping}",
        "{cast,sm,[{return,{keep_state_and_data,[pop_callback_module,{next_event,internal,i2}]}},y]}",
        "{call,sm,state}",
        "{watch,sm}",
        "{cast,sm,[{keep,[{push_callback_module,smother}]},{error,boom}]}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
