/**
 * The bridge to nact 7, both ways. Nothing else in this package loads nact.
 *
 * - `nact_dispatcher(parent)` hosts processes in nact actors.
 * - `pid_of(actor)` is a nact actor as a process: send, call, cast, monitor, link, exit, register.
 * - `ref_of(pid)` is a process as a nact reference: dispatch, query, stop.
 *
 * `docs/nact.md` says what each operation means on the other side.
 */
export { nact_dispatcher } from "./nact/hosting.ts";
export { pid_of, ref_of } from "./nact/bridge.ts";
