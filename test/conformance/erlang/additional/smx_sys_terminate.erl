-module(smx_sys_terminate).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "sys:terminate",
      contract => "terminate is called with the reason.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[]}",
        "{watch,sm}",
        "{cast,sm,[{in,b,p1},x]}",
        "{terminate,sm,over}",
        "{down,sm}"]}.
run() -> smscript:run(?MODULE).
