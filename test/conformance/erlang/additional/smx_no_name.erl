-module(smx_no_name).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_statem, area => 'sm-script',
      title => "who is not there",
      contract => "cast says ok, call and stop exit.",
      note => "The steps are terms: erlang/lib/smscript.erl has their vocabulary.",
      steps => [
        "{start,sm,[{reg,reg_name}]}",
        "{whereis,reg_name}",
        "{call,reg_name,ping}",
        "{stop,reg_name,because,1000}",
        "{alive,sm}",
        "{cast,sm,[x]}",
        "{call,sm,ping,100}",
        "{stop,sm}",
        "{start,again,[{reg,reg_name}]}",
        "{call,reg_name,state}"]}.
run() -> smscript:run(?MODULE).
