-module(smx_init_crash).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "init fails",
      contract => "start is told the error without its stack; links get it with the stack; a throw counts as returned.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "trap_exit",
        "{start_link,m1,[{init,{error,boom}}]}",
        "mailbox",
        "{start_link,m2,[{init,{exit,boom}}]}",
        "mailbox",
        "{start_link,m3,[{init,{throw,{ok,b,d1}}}]}",
        "{call,m3,state}",
        "{start_link,m4,[{init,{throw,ball}}]}",
        "mailbox",
        "{start_link,m5,[{init,{exit,normal}}]}",
        "mailbox",
        "{start,m6,[{init,{error,boom}}]}",
        "mailbox"]}.
run() -> smscript:run(?MODULE).
