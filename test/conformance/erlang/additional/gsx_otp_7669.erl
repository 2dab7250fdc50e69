-module(gsx_otp_7669).
-export([meta/0, run/0]).
meta() ->
    #{group => gen_server, area => 'gs-suite',
      title => "after ignore or {stop,R} from init the local name is free when start returns, 100 times in a row",
      contract => "after ignore or {stop,R} from init the local (and global) name is free when start returns, 100 times in a row",
      steps => [
        "main traps exits. 100 times: start_link a quiet probe as n1 with init returning ignore; then the same with {stop,bad}, with start_link and with start. Log the distinct results."]}.
run() ->
    process_flag(trap_exit, true),
    Go = fun(F, I) -> lists:usort([begin
            R = probe:F(a, #{reg => n1, quiet => true, init => I}), {R, whereis(n1)} end
          || _ <- lists:seq(1, 100)]) end,
    oracle:do("ignore", fun() -> Go(start_link, fun() -> ignore end) end),
    oracle:do("stop", fun() -> Go(start_link, fun() -> {stop, bad} end) end),
    oracle:do("start ignore", fun() -> Go(start, fun() -> ignore end) end),
    oracle:do("start stop", fun() -> Go(start, fun() -> {stop, bad} end) end).
