/**
 * The bridge to and from nact 7. Nothing else in this package loads nact.
 *
 * - `nact_dispatcher(parent)` hosts processes in nact actors.
 * - `pid_of(actor)` represents a nact actor as a process: send, call, cast, monitor, link, exit, register.
 * - `ref_of(pid)` represents a process as a nact reference: dispatch, query, stop.
 *
 * `docs/nact.md` describes the effect of each operation on the other side.
 */
export { nact_dispatcher } from "./nact/hosting.ts";
export { pid_of, ref_of } from "./nact/bridge.ts";
