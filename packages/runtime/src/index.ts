// Editors show the documentation of a namespace where its module is declared, and not where it is exported.
export * as atom from "./term/atom.ts";
/**
 * Atoms: names that are values. `atom.ensure("config_changed")` always returns the same object, so atoms compare with
 * `===`. Use `atom.existing` for names from outside, which must not create atoms.
 */
declare module "./term/atom.ts" {}
export * as atoms from "./term/atoms.ts";
/**
 * All of OTP's own atoms: `atoms.ALREADY_STARTED`, `atoms.NOT_FOUND`. Those that callbacks need are also exported
 * directly.
 */
declare module "./term/atoms.ts" {}
export * as erlang from "./erlang.ts";
/**
 * Erlang's built-in functions for processes: `spawn`, `self`, `send`, `receive`, links, monitors, exit signals, the
 * registry, timers. Each function acts for the process whose code calls it, also after an `await`.
 */
declare module "./erlang.ts" {}
export * as gen_server from "./gen_server.ts";
/**
 * A server process: it keeps a state, answers calls and takes casts and messages, one at a time. OTP's `gen_server`.
 *
 *     const counter = {
 *       init: (start: number) => [OK, start] as const,
 *       handle_call: (_request: "next", _from: gen_server.From, n: number) => [REPLY, n, n + 1] as const,
 *     };
 *     const pid = await gen_server.start(counter, 0);
 *     await gen_server.call(pid, "next"); // 0
 */
declare module "./gen_server.ts" {}
export * as supervisor from "./supervisor.ts";
/**
 * A process that starts other processes, watches them and restarts them when they fail. OTP's `supervisor`.
 *
 *     await supervisor.start([supervisor.child_spec({ id: "db", task: start_db })], supervisor.options({ max_restarts: 3 }));
 */
declare module "./supervisor.ts" {}
export * as telemetry from "./telemetry.ts";
/**
 * Events that report what the program does: `emit` publishes one, `attach` adds a handler. Each event is also a
 * `node:diagnostics_channel` named `otpts:<event>`. The runtime's own are `otp.*` (docs/events.md).
 */
declare module "./telemetry.ts" {}
export * as logger from "./logger.ts";
/** Reports of crashes, restarts and unexpected messages, written to stderr unless another handler is set. */
declare module "./logger.ts" {}
export * as sys from "./sys.ts";
/** Inspection of running behaviours, as in OTP's `sys`: state, status, traces; for debugging and tests. */
declare module "./sys.ts" {}
export * as dispatcher from "./dispatcher.ts";
/**
 * What gives processes their turns: the scheduler of this package, or another system that hosts them
 * (`@otpts/runtime/nact`).
 */
declare module "./dispatcher.ts" {}
export * as proc_lib from "./proc_lib.ts";
/**
 * Processes that fit into a supervision tree without being a gen_server: they know their ancestors, their crashes are
 * reported, and their starter can wait until they are initialised. OTP's `proc_lib`.
 */
declare module "./proc_lib.ts" {}
export { Atom } from "./term/atom.ts";
export {
  CONTINUE,
  DOWN,
  EXIT,
  HIBERNATE,
  IGNORE,
  INFINITY,
  KILL,
  NOPROC,
  NOREPLY,
  NORMAL,
  OK,
  REPLY,
  SHUTDOWN,
  STOP,
  TIMEOUT,
  TRAP_EXIT,
} from "./term/atoms.ts";
export { ErlangError, Exit, OtpError, Thrown } from "./term/error.ts";
export { Pid } from "./term/pid.ts";
export { Stack } from "./term/reason.ts";
export { Ref } from "./term/ref.ts";
export type { Pattern } from "./term/matches.ts";
export type { Timeout } from "./term/timeout.ts";
export type {
  CallTo,
  CastTo,
  MessageOf,
  NameRegistry,
  Protocol,
  ProtocolOf,
  Received,
  Registered,
  ReplyFrom,
  ReplyTo,
  ServedBy,
  ServerRef,
  Unexpected,
  Via,
} from "./term/protocol.ts";
export type { From } from "./call/request.ts";
export type { CollectedResponse } from "./behaviour/send_request.ts";
export type { CheckedSpec } from "./behaviour/child.ts";
export type { ChildSpec } from "./supervisor.ts";
export type { Dispatcher } from "./dispatcher.ts";
export type { Name } from "./erlang.ts";
