import { ensure } from "./atom.ts";

// The atoms OTP itself uses, by the names this package exports them under.
/** `[OK, state]` is returned by `init`; `ok` is the result of operations without another result. */
export const OK = ensure("ok");
/** `error`: a level of reports, and the tag of refusals in OTP. */
export const ERROR = ensure("error");
/** `ignore`: returned by `init` to start no process, which is not a failure. */
export const IGNORE = ensure("ignore");
/** `[REPLY, value, state]` is returned by `handle_call` to answer the call. */
export const REPLY = ensure("reply");
/** `[NOREPLY, state]` is returned by a callback to continue without an answer. */
export const NOREPLY = ensure("noreply");
/** `[STOP, reason, state]` is returned by a callback to end the server; `[STOP, reason]` by `init` to end the start. */
export const STOP = ensure("stop");
/** `[CONTINUE, term]` after the state: `handle_continue(term, state)` runs before any message. */
export const CONTINUE = ensure("continue");
/** `hibernate` after the state: accepted, without effect. */
export const HIBERNATE = ensure("hibernate");
/** `infinity`: a time-out that never ends; `Infinity` means the same. */
export const INFINITY = ensure("infinity");
/** `no_reply`: the result of `check_response` for a message that is not the response. */
export const NO_REPLY = ensure("no_reply");
/** `normal`: the exit reason of a process that has finished. Processes linked to it go on. */
export const NORMAL = ensure("normal");
/** `shutdown`: the exit reason of an ordered end, which is not reported as a crash. */
export const SHUTDOWN = ensure("shutdown");
/** `erlang.exit(pid, KILL)` ends a process unconditionally, with reason `killed`. */
export const KILL = ensure("kill");
/** `killed`: the exit reason of a process that was ended with `KILL`. */
export const KILLED = ensure("killed");
/** `noproc`: there is no such process. */
export const NOPROC = ensure("noproc");
/** `timeout`: the reason of a call whose time is over, the message of an idle time-out, and the result of a `receive` that got nothing. */
export const TIMEOUT = ensure("timeout");
/** `calling_self`: the reason of a call by a process to itself. */
export const CALLING_SELF = ensure("calling_self");
/** `badarg`: the reason of an invalid argument. */
export const BADARG = ensure("badarg");
/** `undef`: the reason of a missing callback. */
export const UNDEF = ensure("undef");
/** `[nocatch, term]` is the reason of a throw that no code caught. */
export const NOCATCH = ensure("nocatch");
/** `overload`: the reason of a call that a full mailbox refused. */
export const OVERLOAD = ensure("overload");
/** `system_limit`: the reason if the atom table is full or a name is too long. */
export const SYSTEM_LIMIT = ensure("system_limit");
/** `[bad_return_value, result]` is the reason of a callback's invalid result. */
export const BAD_RETURN_VALUE = ensure("bad_return_value");
/** `['EXIT', pid, reason]` is the message to a process that traps exits when a linked process ends. */
export const EXIT = ensure("EXIT");
/** `['DOWN', ref, process, pid, reason]` is the message of a monitor when its process ends. */
export const DOWN = ensure("DOWN");
/** `process`: the third element of a 'DOWN' message, and the kind of a monitor. */
export const PROCESS = ensure("process");
/** `[system, from, request]` is OTP's form of a request of `sys`. */
export const SYSTEM = ensure("system");
/** `['$gen_call', from, request]` is OTP's form of a call. */
export const GEN_CALL = ensure("$gen_call");
/** `['$gen_cast', message]` is OTP's form of a cast. */
export const GEN_CAST = ensure("$gen_cast");
/** `gen_server`, in the reason of a failed call: `[reason, [gen_server, call, args]]`. */
export const GEN_SERVER = ensure("gen_server");
/** `[CALL, from]` is the type of an event that is a call. */
export const CALL = ensure("call");
/** `init`, the name of the callback. */
export const INIT = ensure("init");
/** `erlang.process_flag(TRAP_EXIT, true)` turns exit signals to the process into messages. */
export const TRAP_EXIT = ensure("trap_exit");
/** `flush`, an option of `demonitor`: also removes the 'DOWN' message from the mailbox. */
export const FLUSH = ensure("flush");
/** `info`: the type of an event that is a plain message. */
export const INFO = ensure("info");
/** `link`, in OTP's options and reports. */
export const LINK = ensure("link");
/** `monitor`, in OTP's options and reports. */
export const MONITOR = ensure("monitor");
/** `alias`, the mark of a call's tag in OTP's form. */
export const ALIAS = ensure("alias");
/** `demonitor`: an alias of this mode ends with its monitor. */
export const DEMONITOR = ensure("demonitor");
/** `[already_started, pid]` is the reason of a start whose name is in use. */
export const ALREADY_STARTED = ensure("already_started");
/** `already_present`: the reason of `start_child` for a child whose specification exists. */
export const ALREADY_PRESENT = ensure("already_present");
/** `not_found`: the supervisor has no such child. */
export const NOT_FOUND = ensure("not_found");
/** `running`: the reason of an operation that needs a child that does not run. */
export const RUNNING = ensure("running");
/** `restarting`: the child is about to be restarted. */
export const RESTARTING = ensure("restarting");
/** `permanent`: the child is always restarted. */
export const PERMANENT = ensure("permanent");
/** `transient`: the child is restarted only after a failure. */
export const TRANSIENT = ensure("transient");
/** `temporary`: the child is never restarted. */
export const TEMPORARY = ensure("temporary");
/** `one_for_one`: only the failed child is restarted. */
export const ONE_FOR_ONE = ensure("one_for_one");
/** `one_for_all`: all children are restarted with the failed one. */
export const ONE_FOR_ALL = ensure("one_for_all");
/** `rest_for_one`: the failed child and those started after it are restarted. */
export const REST_FOR_ONE = ensure("rest_for_one");
/** `simple_one_for_one`: children are started from one specification, by `start_child`. */
export const SIMPLE_ONE_FOR_ONE = ensure("simple_one_for_one");
/** `brutal_kill`, as a `shutdown`: the child is killed without notice. */
export const BRUTAL_KILL = ensure("brutal_kill");
/** `worker`: the type of a child that is not a supervisor. */
export const WORKER = ensure("worker");
/** `supervisor`: the type of a child that is a supervisor. */
export const SUPERVISOR = ensure("supervisor");
/** `never`, as `auto_shutdown`: the end of a child does not end the supervisor. */
export const NEVER = ensure("never");
/** `any_significant`, as `auto_shutdown`: the end of one significant child ends the supervisor. */
export const ANY_SIGNIFICANT = ensure("any_significant");
/** `all_significant`, as `auto_shutdown`: the end of the last significant child ends the supervisor. */
export const ALL_SIGNIFICANT = ensure("all_significant");
/** `[nodedown, node]` is the reason of a call to another node. */
export const NODEDOWN = ensure("nodedown");
/** `[specs, n]`, in `count_children`: the number of children, running or not. */
export const SPECS = ensure("specs");
/** `[active, n]`, in `count_children`: the number of running children. */
export const ACTIVE = ensure("active");
/** `[supervisors, n]`, in `count_children`: the number of children that are supervisors. */
export const SUPERVISORS = ensure("supervisors");
/** `[workers, n]`, in `count_children`: the number of children that are workers. */
export const WORKERS = ensure("workers");
/** `[failed_to_start_child, id, reason]`, in the reason of a supervisor's failed start. */
export const FAILED_TO_START_CHILD = ensure("failed_to_start_child");
/** `[start_spec, problem]` is the reason of a start with an invalid child specification. */
export const START_SPEC = ensure("start_spec");
/** `[supervisor_data, problem]` is the reason of a start with invalid options. */
export const SUPERVISOR_DATA = ensure("supervisor_data");
/** `[bad_return, …]` is the reason of a start whose init, or start function, returned an invalid result. */
export const BAD_RETURN = ensure("bad_return");
/** `[bad_start_spec, problem]` is the reason of a simple_one_for_one supervisor's start with an invalid specification. */
export const BAD_START_SPEC = ensure("bad_start_spec");
