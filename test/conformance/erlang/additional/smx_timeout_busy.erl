-module(smx_timeout_busy).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "a time-out that fires while the machine is busy",
      contract => "Its event stands behind the messages that came before it; a change of state still cancels it.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{cast,sm,[{keep,[{state_timeout,30,s1},{{timeout,n},40,g1}]},{sleep,80},q1]}",
        "settle",
        "{cast,sm,[{keep,[{state_timeout,30,s2},{{timeout,n},40,g2}]},{sleep,80},{next,b},q2]}",
        "settle",
        "{cast,sm,[{keep,[{{timeout,n},30,g3}]},{sleep,80},{keep,[{{timeout,n},50,g4}]},q3]}",
        "{sleep,150}",
        "{call,sm,state}"]}.
run() -> smscript:run(?MODULE).
