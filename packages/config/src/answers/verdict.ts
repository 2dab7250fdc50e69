import { newBudget } from "../budget.ts";
import type { ConfigSourceError, Problem } from "../errors.ts";
import { meetSecrets, scrub } from "../manager/scrub.ts";
import type { State } from "../manager/state.ts";
import { statusOf } from "../manager/status.ts";

/** A problem or a notice, with its place. */
export interface Finding {
  /** Dotted; absent if it concerns no single setting. */
  readonly path?: string;
  readonly message: string;
  /** For people: `file:config.toml:3:7`, `env:MYAPP_PORT`. */
  readonly place?: string;
  readonly source?: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;
  /** A code for programs: `invalid`, `syntax`, `no_effect`, `deprecated`. */
  readonly code: string;
}

/** Whether a configuration is valid, with its problems. */
export interface Verdict {
  readonly valid: boolean;
  /** Whether the effective values are validated. A program that refuses new values keeps the old, validated ones. */
  readonly validated: boolean;
  readonly version: number;
  /** Leaves of the effective configuration. */
  readonly keys: number;
  readonly sources: readonly { readonly name: string; readonly state: string; readonly keys: number }[];
  /** Problems that make it invalid. */
  readonly problems: readonly Finding[];
  /** Probable mistakes: misspelt keys, old names, ambiguous variables. */
  readonly notices: readonly Finding[];
}

/** A problem as a finding. */
export function findingOf({ path, message, origin, ...place }: Problem): Finding {
  const { source, file, line, column, variable } = place;
  return {
    ...(path === "" ? {} : { path }),
    message,
    ...(origin === undefined ? {} : { place: origin }),
    ...(source === undefined ? {} : { source }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(variable === undefined ? {} : { variable }),
    code: "invalid",
  };
}

/** The failure of a source: its error, or that of its status. */
type SourceFailure = Pick<Error, "message"> & Partial<Pick<ConfigSourceError, "code" | "file" | "line" | "column">>;

/** The failure of a source as a finding. */
export function sourceFinding(error: SourceFailure, name: string): Finding {
  const { message, code, file, line, column } = error;
  return {
    message,
    source: name,
    code: code ?? "failed",
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}

/**
 * Whether the failure of a source is a problem, and not only a notice. It is one if the source is required, or if its content is
 * wrong; an optional source may be out of reach.
 */
export function isProblem({ line, code }: Finding, required: boolean): boolean {
  return required || line !== undefined || !OUT_OF_REACH.has(code);
}

const OUT_OF_REACH: ReadonlySet<string> = new Set([
  "unreachable",
  "timeout",
  "denied",
  "token",
  "tls",
  "http_status",
  "server_error",
  "rate_limited",
  "redirect",
  "no_leader",
  "unreadable",
  "missing",
  "failed",
]);

/** The verdict on a running manager: its last refusal, and the sources that fail. */
export async function runningVerdict(state: State): Promise<Verdict> {
  const { refused, sources } = await statusOf(state);
  const failing = sources.flatMap(({ name, last_error, state: how, required }) => {
    if (how !== "error" || last_error === undefined) return [];
    return [{ finding: sourceFinding(last_error, name), required }];
  });
  const [problems, notices] = [true, false].map((wanted) =>
    failing.filter(({ finding, required }) => isProblem(finding, required) === wanted).map(({ finding }) => finding),
  );
  return verdictOf(state, [...problems!, ...(refused?.problems ?? []).map(findingOf)], notices, true);
}

/** The verdict on a state. @param problems of its sources and values; @param notices in addition to its diagnostics */
export async function verdictOf(
  state: State,
  problems: readonly Finding[],
  notices: readonly Finding[] = [],
  validated = problems.length === 0,
): Promise<Verdict> {
  const { diagnostics, sources, shape_conflicts, keys, version } = await statusOf(state);
  await meetSecrets(state, newBudget());
  const clean = (one: Finding): Finding => ({ ...one, message: scrub(state, one.message) });
  const replaced = shape_conflicts.map(({ path, winner, loser }): Finding => ({
    path,
    message: `"${path}" is a table in one of ${winner} and ${loser} and none in the other: that of ${winner} counts as a whole`,
    code: "shape_conflict",
  }));
  return {
    valid: problems.length === 0,
    validated,
    version,
    keys,
    sources: sources.map((source) => ({ name: source.name, state: source.state, keys: source.keys })),
    problems: problems.map(clean),
    notices: [
      ...notices,
      ...diagnostics.map(({ path, message, code, source }) => ({
        ...(path === undefined ? {} : { path }),
        message,
        code,
        source,
      })),
      ...replaced,
    ].map(clean),
  };
}
