import { ensure } from "./atom.ts";

// The atoms OTP itself uses, by the names this package exports them under.
/** `[OK, state]` is what `init` returns; `ok` is the result of operations that have no other. */
export const OK = ensure("ok");
/** `error`: a level of reports, and the tag of refusals in OTP. */
export const ERROR = ensure("error");
/** `ignore`: returned by `init`, the process is not started, which is no failure. */
export const IGNORE = ensure("ignore");
/** `[REPLY, value, state]` is what `handle_call` returns to answer the call. */
export const REPLY = ensure("reply");
/** `[NOREPLY, state]` is what a callback returns to go on without an answer. */
export const NOREPLY = ensure("noreply");
/** `[STOP, reason, state]` is what a callback returns to end the server; `[STOP, reason]` what `init` returns to end the start. */
export const STOP = ensure("stop");
/** `[CONTINUE, term]` after the state: `handle_continue(term, state)` runs before any message. */
export const CONTINUE = ensure("continue");
/** `hibernate` after the state: accepted, without effect. */
export const HIBERNATE = ensure("hibernate");
/** `infinity`: a time-out that never ends; `Infinity` means the same. */
export const INFINITY = ensure("infinity");
export const NO_REPLY = ensure("no_reply");
/** `normal`: the exit reason of a process that is done. It takes no linked process along. */
export const NORMAL = ensure("normal");
/** `shutdown`: the exit reason of an ordered end, which is not reported as a crash. */
export const SHUTDOWN = ensure("shutdown");
/** `erlang.exit(pid, KILL)` ends a process unconditionally, with reason `killed`. */
export const KILL = ensure("kill");
export const KILLED = ensure("killed");
/** `noproc`: there is no such process. */
export const NOPROC = ensure("noproc");
/** `timeout`: the reason of a call whose time is over, the message of an idle time-out, and the result of a `receive` that got nothing. */
export const TIMEOUT = ensure("timeout");
export const CALLING_SELF = ensure("calling_self");
export const BADARG = ensure("badarg");
export const UNDEF = ensure("undef");
export const NOCATCH = ensure("nocatch");
export const OVERLOAD = ensure("overload");
export const SYSTEM_LIMIT = ensure("system_limit");
export const BAD_RETURN_VALUE = ensure("bad_return_value");
/** `['EXIT', pid, reason]` is the message that a process which traps exits gets of a linked process's end. */
export const EXIT = ensure("EXIT");
/** `['DOWN', ref, process, pid, reason]` is the message of a monitor when its process ends. */
export const DOWN = ensure("DOWN");
export const PROCESS = ensure("process");
export const SYSTEM = ensure("system");
export const GEN_CALL = ensure("$gen_call");
export const GEN_CAST = ensure("$gen_cast");
export const GEN_SERVER = ensure("gen_server");
/** `[CALL, from]` is the type of an event that is a call. */
export const CALL = ensure("call");
export const INIT = ensure("init");
/** `erlang.process_flag(TRAP_EXIT, true)` turns exit signals to the process into messages. */
export const TRAP_EXIT = ensure("trap_exit");
export const FLUSH = ensure("flush");
/** `info`: the type of an event that is a plain message. */
export const INFO = ensure("info");
export const LINK = ensure("link");
export const MONITOR = ensure("monitor");
export const ALIAS = ensure("alias");
export const DEMONITOR = ensure("demonitor");
export const ALREADY_STARTED = ensure("already_started");
export const ALREADY_PRESENT = ensure("already_present");
export const NOT_FOUND = ensure("not_found");
export const RUNNING = ensure("running");
export const RESTARTING = ensure("restarting");
export const PERMANENT = ensure("permanent");
export const TRANSIENT = ensure("transient");
export const TEMPORARY = ensure("temporary");
export const ONE_FOR_ONE = ensure("one_for_one");
export const ONE_FOR_ALL = ensure("one_for_all");
export const REST_FOR_ONE = ensure("rest_for_one");
export const SIMPLE_ONE_FOR_ONE = ensure("simple_one_for_one");
export const BRUTAL_KILL = ensure("brutal_kill");
export const WORKER = ensure("worker");
export const SUPERVISOR = ensure("supervisor");
export const NEVER = ensure("never");
export const ANY_SIGNIFICANT = ensure("any_significant");
export const ALL_SIGNIFICANT = ensure("all_significant");
export const NODEDOWN = ensure("nodedown");
export const SPECS = ensure("specs");
export const ACTIVE = ensure("active");
export const SUPERVISORS = ensure("supervisors");
export const WORKERS = ensure("workers");
export const FAILED_TO_START_CHILD = ensure("failed_to_start_child");
export const START_SPEC = ensure("start_spec");
export const SUPERVISOR_DATA = ensure("supervisor_data");
export const BAD_RETURN = ensure("bad_return");
export const BAD_START_SPEC = ensure("bad_start_spec");
