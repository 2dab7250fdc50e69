import { type ChangedPath, diff } from "../core/diff.ts";
import { andThen } from "../core/maybe.ts";
import type { Secrets } from "../core/secrets.ts";
import { type Budget, eachInTurn, inSlices, leavesOf } from "../core/sliced.ts";
import type { Table, Value } from "../core/value.ts";
import type { ChangedValue, HistoryEntry } from "../protocol.ts";
import { HISTORY, type RefusedChange, type Request, type State, type Version } from "./state.ts";

/** The kept versions and refusals, and the changes between versions, which share equal subtrees. */

/** The last versions, oldest first. */
export function historyOf({ history }: State): readonly HistoryEntry[] {
  return history.map(({ snapshot, at, cause, actor, reason }) => ({
    version: snapshot.version,
    at: new Date(at).toISOString(),
    cause,
    ...(actor === undefined ? {} : { actor }),
    ...(reason === undefined ? {} : { reason }),
  }));
}

/** The history with the current version, which a request has made. */
export function withVersion({ configuration, history, phase }: State, request: Request, at: number): State["history"] {
  const { snapshot, overrides } = configuration;
  const cause: Version["cause"] = phase === "starting" ? "start" : request.cause;
  return [...history, { snapshot, overrides, at, cause, ...authorOf(request) }].slice(-HISTORY);
}

/** The refusals with one more. */
export function withRefusal(
  { configuration, refusals }: State,
  request: Request,
  error: Error,
  at: number,
): State["refusals"] {
  const refused: RefusedChange = {
    at,
    version: configuration.snapshot.version,
    cause: request.cause,
    error,
    ...("path" in request ? { path: request.path } : {}),
    ...authorOf(request),
  };
  return [...refusals, refused].slice(-HISTORY);
}

/** The author and reason of a request. */
function authorOf(request: Request): { actor?: string; reason?: string } {
  const { actor, reason } = "options" in request ? request.options : {};
  return { ...(actor === undefined ? {} : { actor }), ...(reason === undefined ? {} : { reason }) };
}

export function versionAt({ history }: State, version: number): Version | undefined {
  return history.find(({ snapshot }) => snapshot.version === version);
}

export function unknownVersion({ history }: State, action: string): RangeError {
  const [first, last] = [history[0], history.at(-1)];
  return new RangeError(
    `${action}: only versions ${first?.snapshot.version ?? 0} to ${last?.snapshot.version ?? 0} are kept`,
  );
}

/** The changes from one version to another. @throws RangeError if one of them is not kept */
export function differenceOf(
  state: State,
  from: number,
  to: number,
  budget: Budget,
): readonly ChangedValue[] | Promise<readonly ChangedValue[]> {
  const [before, after] = [from, to].map((version) => {
    const found = versionAt(state, version);
    if (found === undefined) throw unknownVersion(state, `Cannot compare with version ${String(version)}`);
    return found.snapshot.tree;
  });
  return changedValues(before!, after!, state.spec.secrets, budget);
}

/** The leaves in which two trees differ, sorted, with secrets redacted. A promise if there are more than a few. */
export function changedValues(
  before: Table,
  after: Table,
  secrets: Secrets,
  budget: Budget,
): readonly ChangedValue[] | Promise<readonly ChangedValue[]> {
  const changed: ChangedValue[] = [];
  const shown = ({ segments }: ChangedPath, value: Value | undefined): Value | undefined | Promise<Value> =>
    value === undefined ? undefined : inSlices(secrets.redaction(segments, value), budget);
  const add = (leaf: ChangedPath): void | Promise<void> =>
    andThen(shown(leaf, leaf.before), (old_value) =>
      andThen(shown(leaf, leaf.after), (new_value) => void changed.push({ path: leaf.path, old_value, new_value })),
    );
  return andThen(leavesOf(diff(before, after), undefined, budget), (leaves) =>
    andThen(eachInTurn(leaves, add, budget), () => changed),
  );
}
