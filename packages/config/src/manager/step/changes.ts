import { atoms } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import type { Contribution, Diagnostic, Layer } from "../../core/layer.ts";
import { formatPath } from "../../core/path.ts";
import type { Overrides } from "../../core/overrides.ts";
import { ConfigConflictError, ConfigSourceError, ConfigValidationError } from "../../errors.ts";
import type { Preview, Refusal } from "../../protocol.ts";
import type { Plan } from "../effect.ts";
import type { OfChange } from "../event.ts";
import { unknownVersion, versionAt, withRefusal, withVersion } from "../history.ts";
import { RefusedCandidates } from "../refused_candidates.ts";
import {
  type Caller,
  type Change,
  type Prepared,
  type Request,
  type WriteThrough,
  type SourceState,
} from "../state.ts";
import { changesOf } from "./announced.ts";
import * as deliveries from "./deliveries.ts";
import type { Turn } from "./turn.ts";

/**
 * Changes, one at a time and in order. Each is prepared aside, written to durable storage if necessary, and then
 * committed in one step.
 *
 *     queued ── prepare ──► validating ── persist, or write through ──► persisting ── project ──► committed
 *                                │                                          │
 *                                └──────────────► refused ◄─────────────────┘
 */

/** How a change ended. */
export interface Settled {
  readonly change: Change;
  readonly outcome:
    | { readonly committed: Prepared; readonly notified: readonly string[] }
    | { readonly previewed: Prepared }
    | { readonly refused: Error };
}

/** Handles a request for a put, a merge, an unset or a rollback. */
export function requested(turn: Turn, request: Request, caller: Caller<true | Preview | Refusal>): void {
  if (isFromJob(turn, caller.from[0])) return turn.reply(caller, [atoms.ERROR, insideValidator(request.cause)]);
  enqueue(turn, request, caller);
}

/** Queues a change. */
export function enqueue(turn: Turn, request: Request, caller: Caller<true | Preview | Refusal> | undefined): void {
  const change: Change = {
    id: turn.id(),
    request,
    caller,
    phase: "queued",
    job: undefined,
    prepared: undefined,
    through: undefined,
  };
  turn.set({ queue: [...turn.state.queue, change] });
  next(turn);
}

/** Whether the caller is the process that validates a change, whose request would wait for itself. */
export function isFromJob({ state }: Turn, pid: Pid | undefined): boolean {
  return pid !== undefined && pid === state.change?.job;
}

export function insideValidator(action: string): Error {
  return new Error(`Cannot ${action} inside a validator: the change that it validates comes first`);
}

/** Begins the next change, if there is no current one. */
export function next(turn: Turn): void {
  const { change: current, queue } = turn.state;
  const [first, ...rest] = queue;
  if (current !== undefined || first === undefined) return;
  turn.set({ change: { ...first, phase: "validating" }, queue: rest });
  const error = outdated(turn, first.request);
  if (error !== undefined) {
    refuse(turn, turn.state.change!, error);
    return next(turn);
  }
  turn.do({ do: "prepare", change: first.id, plan: planOf(turn, first.request) });
}

/** Records that a separate process prepares a change. */
export function preparing(turn: Turn, id: number, job: Pid): void {
  const change = current(turn, id);
  if (change === undefined) return turn.do({ do: "give_up", job });
  turn.set({ change: { ...change, job } });
}

/** Takes the result of a preparation. */
export function prepared(
  turn: Turn,
  id: number,
  outcome: Extract<OfChange, { type: "prepared" }>["outcome"],
): Settled | undefined {
  const change = current(turn, id);
  if (change === undefined) return undefined;
  if ("error" in outcome) return refuse(turn, change, outcome.error);
  const done: Change = { ...change, job: undefined, prepared: outcome.prepared };
  turn.set({ change: done });
  if (isDryRun(done.request)) return preview(turn, done, outcome.prepared);
  const through = change.through === undefined ? writesOf(turn, done.request, outcome.prepared) : undefined;
  if (through !== undefined) return write(turn, { ...done, through });
  const { overrides } = outcome.prepared.after;
  const { spec, configuration } = turn.state;
  if (spec.overrides_file === undefined || overrides === configuration.overrides) return project(turn, done);
  turn.set({ change: { ...done, phase: "persisting" } });
  persist(turn, id, overrides);
  return undefined;
}

/** Refuses a change whose validation took too long. */
export function overdue(turn: Turn, id: number): Settled | undefined {
  const change = current(turn, id);
  if (change?.job === undefined) return undefined;
  turn.do({ do: "give_up", job: change.job });
  const { request } = change;
  const message = `validation took longer than ${turn.state.spec.validation_timeout} ms`;
  const path = "path" in request ? formatPath(request.path) : "";
  const problem = { path, message, ...("path" in request ? { origin: "put" } : {}) };
  return refuse(turn, change, new ConfigValidationError(`${actionOf(request)}: ${message}`, [problem]));
}

/** Refuses a change whose preparing process ended without a result. */
export function jobEnded(turn: Turn, process: Pid, reason: unknown): Settled | undefined {
  const { change } = turn.state;
  if (change === undefined || change.job !== process) return undefined;
  return refuse(turn, change, new Error("The process that prepared the change ended", { cause: reason }));
}

/** Takes the outcome of a write to a source. */
export function written(turn: Turn, id: number, error: Error | undefined): Settled | undefined {
  const { change } = turn.state;
  const through = change?.through;
  if (change === undefined || through?.write !== id) return undefined;
  const failure = error === undefined ? undefined : { at: turn.now, error };
  turn.setSource(through.source, { write_error: failure });
  if (error !== undefined) return refuse(turn, change, error);
  const [, ...left] = through.left;
  return write(turn, { ...change, through: { ...through, left } });
}

/** Refuses a change whose source's process ended; its write may have taken effect. */
export function workerEnded(turn: Turn, source: number): Settled | undefined {
  const through = turn.state.change?.through;
  if (through === undefined || through.source !== source || through.left.length === 0) return undefined;
  const { name } = turn.source(source);
  const message = `Cannot write to "${name}": its process ended meanwhile`;
  return written(turn, through.write, new ConfigSourceError(message, { source: name, code: "process_ended" }));
}

/** Writes overrides to their file. */
export function persist(turn: Turn, change: number, overrides: Overrides): void {
  turn.set({ overrides_file: { ...turn.state.overrides_file!, writing: true } });
  turn.do({ do: "arm", timer: `persist ${change}`, ms: turn.state.spec.load_timeout });
  turn.do({ do: "persist", change, overrides });
}

/** Takes the outcome of writing the overrides. */
export function persisted(turn: Turn, id: number, error: Error | undefined): Settled | undefined {
  turn.do({ do: "disarm", timer: `persist ${id}` });
  const change = current(turn, id);
  const file = turn.state.overrides_file!;
  if (error !== undefined) {
    const failures = file.failures + 1;
    const { failing_since = turn.ticks } = file;
    // After a refused change the file is as before; if the overrides could not be restored, it is not.
    const writing = change === undefined;
    turn.set({ overrides_file: { ...file, writing, last_error: { at: turn.now, error }, failures, failing_since } });
    turn.announce({ what: "source_failed", source: file.name, error });
    return change === undefined ? undefined : refuse(turn, change, error);
  }
  if (file.failures > 0) {
    const down_for = turn.ticks - (file.failing_since ?? turn.ticks);
    turn.announce({ what: "source_recovered", source: file.name, down_for });
  }
  // Until the change is committed, the file differs from the effective overrides; so does a file written by a restarted
  // manager if there was a change meanwhile.
  const { phase, through } = turn.state.change ?? {};
  const writing = phase === "persisting" && through === undefined;
  turn.set({
    overrides_file: {
      ...file,
      writing,
      last_success: turn.now,
      fresh_at: turn.ticks,
      failures: 0,
      failing_since: undefined,
    },
  });
  return change === undefined ? undefined : project(turn, change);
}

/** Reports that the overrides should have been written by now; only the disk decides whether they will be. */
export function persistSlow(turn: Turn): void {
  const { overrides_file, spec } = turn.state;
  turn.announce({ what: "write_slow", file: overrides_file!.name, running_for: spec.load_timeout });
}

/** Commits a change: readers see it, subscribers are notified, the caller is answered. */
export function committed(turn: Turn, event: Extract<OfChange, { type: "projected" }>): Settled | undefined {
  const change = current(turn, event.change);
  if (change === undefined) return undefined;
  const { prepared: ready, matches, leaves } = event;
  const { after } = ready;
  const { request } = change;
  const before = turn.state.configuration;
  const { version } = after.snapshot;
  for (const { index } of turn.state.sources) {
    if (before.layers[index]?.tree !== after.layers[index]?.tree) turn.setSource(index, { last_change: turn.now });
  }
  turn.set({ configuration: after, change: undefined });
  const { overrides_file } = turn.state;
  if (change.phase === "persisting" && change.through === undefined && overrides_file !== undefined) {
    turn.set({ overrides_file: { ...overrides_file, writing: false } });
  }
  if (after.snapshot !== before.snapshot) turn.set({ history: withVersion(turn.state, request, turn.now) });
  turn.do({ do: "publish" });
  for (const diagnostic of newTrouble(before.layers, after.layers)) turn.announce({ what: "noticed", diagnostic });
  const notified = deliveries.notify(turn, matches, version, request.cause);
  if (change.caller !== undefined) deliveries.answerAfter(turn, change.caller, true, notified, version);
  // The first configuration is not a change.
  if (leaves !== undefined && before.snapshot.version > 0) {
    const announced = changesOf(request, before.snapshot.tree, after.snapshot.tree, leaves);
    if (announced.length > 0) turn.announce({ what: "changed", changes: announced });
  }
  return { change, outcome: { committed: ready, notified } };
}

/** New diagnostics of the layers that are problems. */
function newTrouble(before: readonly Layer[], after: readonly Layer[]): readonly Diagnostic[] {
  return after.flatMap((layer, index) => {
    const old = before[index];
    if (layer === old) return [];
    const reported = new Set(old?.diagnostics.map(({ message }) => message));
    return layer.diagnostics.filter(({ code, message }) => TROUBLE.has(code) && !reported.has(message));
  });
}

/**
 * Diagnostics that are also logged: a file is read late or blocks the program, a value cannot be read as it is,
 * or a name is deprecated.
 */
const TROUBLE: ReadonlySet<string> = new Set([
  "unwatched",
  "held_up",
  "not_utf8",
  "unsafe_key",
  "old_name",
  "old_name_unused",
  "deprecated",
]);

function current(turn: Turn, id: number): Change | undefined {
  const { change } = turn.state;
  return change?.id === id ? change : undefined;
}

function planOf({ state }: Turn, request: Plan["request"]): Plan {
  const { configuration, sources, phase } = state;
  return {
    configuration,
    request,
    candidates: sources.map(({ index, name, required, candidate, refused, generations, renamed_at }) => ({
      source: index,
      name,
      required,
      candidate,
      refused: refused !== undefined && refused === candidate,
      links: linksOf(candidate, generations),
      effective_links: linksOf(configuration.contributions[index], generations),
      renamed_at,
    })),
    first: phase === "starting",
    ...(request.cause === "rollback" ? { overrides: versionAt(state, request.version)!.overrides } : {}),
  };
}

function linksOf(contribution: Contribution | undefined, generations: SourceState["generations"]) {
  return contribution === undefined ? undefined : generations.get(contribution);
}

/** The writes to a source in place of an override; undefined if no source takes them. */
function writesOf({ state }: Turn, request: Request, { after }: Prepared): WriteThrough | undefined {
  if (!("path" in request)) return undefined;
  const source = state.sources.findLastIndex((one) => one.writable);
  if (source < 0) return undefined;
  const { overrides } = state.configuration;
  if (request.cause === "unset") {
    // Removes the override, if there is one; otherwise the source's value.
    if (after !== state.configuration) return undefined;
    return { source, write: 0, left: [{ path: request.path, value: undefined }] };
  }
  const puts = after.overrides.within(request.path);
  const left = puts.filter(({ path, value }) => request.cause === "put" || overrides.at(path) !== value);
  return { source, write: 0, left };
}

function write(turn: Turn, change: Change): Settled | undefined {
  const through = change.through!;
  const { worker, name } = turn.source(through.source);
  const [first] = through.left;
  if (first === undefined) {
    // The value was checked as an override; the source's new value comes back with its load.
    turn.set({ change: { ...change, phase: "validating" } });
    const path = "path" in change.request ? change.request.path : [];
    const plan = planOf(turn, { cause: "written", path, source: through.source });
    turn.do({ do: "prepare", change: change.id, plan });
    return undefined;
  }
  if (worker === undefined) {
    const message = `Cannot write "${formatPath(first.path)}" to "${name}": its process is being restarted`;
    return refuse(turn, change, new ConfigSourceError(message, { source: name, code: "unreachable" }));
  }
  const id = turn.id();
  turn.set({ change: { ...change, phase: "persisting", through: { ...through, write: id } } });
  turn.do({ do: "write", worker, write: id, path: first.path, value: first.value });
  return undefined;
}

function isDryRun(request: Request): boolean {
  return "options" in request && request.options.dry_run === true;
}

/** Replies to a dry run. */
function preview(turn: Turn, change: Change, previewed: Prepared): Settled {
  turn.set({ change: undefined });
  if (change.caller !== undefined) {
    turn.do({ do: "preview", to: change.caller, before: turn.state.configuration, after: previewed.after });
  }
  return { change, outcome: { previewed } };
}

/** Why a request cannot be tried at all. */
function outdated({ state }: Turn, request: Request): Error | undefined {
  if (!("options" in request)) return undefined;
  const { version } = state.configuration.snapshot;
  const { if_version = version } = request.options;
  if (if_version !== version) {
    const message = `${actionOf(request)}: the configuration is at version ${version} now, not at ${if_version}`;
    return new ConfigConflictError(message, if_version, version);
  }
  if (request.cause !== "rollback") return undefined;
  return versionAt(state, request.version) === undefined ? unknownVersion(state, actionOf(request)) : undefined;
}

function project(turn: Turn, change: Change): undefined {
  turn.do({ do: "project", change: change.id, prepared: change.prepared! });
  return undefined;
}

function refuse(turn: Turn, change: Change, error: Error): Settled {
  const { request, caller } = change;
  turn.set({ change: undefined });
  const cause = error instanceof RefusedCandidates ? error.error : error;
  if (!isDryRun(request)) turn.set({ refusals: withRefusal(turn.state, request, cause, turn.now) });
  turn.reply(caller, [atoms.ERROR, cause]);
  turn.announce({ what: "refused", action: actionOf(request), error: cause, put: caller !== undefined });
  return { change, outcome: { refused: error } };
}

/** The beginning of the message of a refusal. */
export function actionOf(request: Request): string {
  if (request.cause === "rollback") return `Cannot roll back to version ${request.version}`;
  return "path" in request ? `Cannot ${request.cause} "${formatPath(request.path)}"` : "Cannot load the configuration";
}
