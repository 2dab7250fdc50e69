-module(smx_timeout_same_state).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "what cancels a state time-out",
      contract => "next_state to the same state and repeat_state do not, another state and back does.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{mode,[handle_event_function,state_enter]}]}",
        "{cast,sm,[{keep,[{state_timeout,60,s1}]},{next,a},{return,repeat_state_and_data}]}",
        "{sleep,120}",
        "{cast,sm,[{keep,[{state_timeout,60,s2}]},{next,b},{next,a}]}",
        "{sleep,120}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
