-module(smx_init_actions_bad).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "invalid actions of init",
      contract => "The machine has been started, and stops with the action as the reason.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "trap_exit",
        "{start_link,m1,[{init,{return,{ok,a,d0,garbage}}}]}",
        "mailbox",
        "{start_link,m2,[{init,{return,{ok,a,d0,[{next_event,internal,i1},{state_timeout,soon,x}]}}}]}",
        "mailbox",
        "{start_link,m3,[{init,{return,{ok,a,d0,[postpone,{next_event,internal,i1}]}}}]}",
        "{cast,m3,[{next,b}]}",
        "{call,m3,state}",
        "{start_link,m4,[{mode,[handle_event_function,state_enter]},{init,{return,{ok,a,d0,[{next_event,internal,i1},{timeout,0,t1}]}}}]}",
        "{call,m4,state}"]}.
run() -> smscript:run(?MODULE).
