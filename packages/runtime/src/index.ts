export * as atom from "./term/atom.ts";
export * as atoms from "./term/atoms.ts";
export * as erlang from "./erlang.ts";
export * as gen_server from "./gen_server.ts";
export * as supervisor from "./supervisor.ts";
export * as telemetry from "./telemetry.ts";
export * as logger from "./logger.ts";
export * as sys from "./sys.ts";
export * as dispatcher from "./dispatcher.ts";
export * as proc_lib from "./proc_lib.ts";
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
  Protocol,
  ProtocolOf,
  Received,
  Registered,
  ReplyFrom,
  ReplyTo,
  ServerRef,
  Unexpected,
} from "./term/protocol.ts";
export type { From } from "./process/request.ts";
