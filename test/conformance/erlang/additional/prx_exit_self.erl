-module(prx_exit_self).
-export([meta/0, run/0]).
meta() ->
    #{group => process, area => 'pr-points',
      title => "exit signals to oneself",
      contract => "exit(self(),normal) terminates a non-trapping caller with normal; exit(self(),kill) with killed; exit(self(),R) is a message to a trapping caller.",
      steps => [
        "main: for each (name, trap, reason): spawn an idle (or trapping) process, watch it, inside it exit(self(),Reason); then log `still here` if it is; log its death, or settle and kill it."]}.
run() ->
    [begin
         P = case T of true -> oracle:trapper(N); false -> oracle:idle(N) end,
         W = oracle:watch(P),
         P ! {run, fun() -> exit(self(), R), oracle:log("still here") end, self(), make_ref()},
         case T of true when R =/= kill -> oracle:settle(), P ! return; _ -> ok end,
         oracle:down(W)
     end || {N, T, R} <- [{a, false, normal}, {b, false, boom}, {c, false, kill}, {d, true, normal}, {e, true, boom}, {f, true, kill}]].
