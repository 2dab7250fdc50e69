import { erlang } from "@otpts/runtime";
import type { Contribution } from "../core/layer.ts";
import { Overrides } from "../core/overrides.ts";
import { type Configuration, emptyConfiguration } from "../core/configuration.ts";
import { check, complete, prepare, type Prepared } from "../core/proposal.ts";
import { byNewNames } from "../core/renaming.ts";
import { Snapshot } from "../core/snapshot.ts";
import { LONGEST_TIMER } from "../core/longest_timer.ts";
import { ConfigSourceError, ConfigValidationError } from "../errors.ts";
import { type Finding, findingOf, isProblem, sourceFinding, type Verdict, verdictOf } from "../answers/verdict.ts";
import { initialState } from "../manager/initial_state.ts";
import { lateError } from "../manager/outcome.ts";
import type { SourceState, State } from "../manager/state.ts";
import { asError } from "../manager/thrown.ts";
import type { Source } from "../sources/source.ts";
import type { ConfigSpec } from "../spec.ts";

/**
 * A specification's sources, read once as a manager reads them when it starts. No manager runs, nothing is watched, written or
 * locked: a program that runs with the same files does not notice.
 */

/** A specification with its loaded sources. */
export interface LoadedSpec {
  /** The state that a manager would start with. If it is invalid, the sources are merged but not validated. */
  readonly state: State;
  readonly verdict: Verdict;
}

/** The answer of a source. */
interface Answer {
  readonly state: SourceState["state"];
  readonly contribution?: Contribution;
  readonly error?: Error;
}

/** @param waiting called with the names of the sources that have not answered, whenever they change */
export async function loadAside(spec: ConfigSpec, waiting: (names: readonly string[]) => void): Promise<LoadedSpec> {
  const left = new Set(spec.layer_names);
  waiting([...left]);
  const [saved, ...answers] = await Promise.all([
    savedOverrides(spec),
    ...spec.layers.map(async (source, i) => {
      const name = spec.layer_names[i]!;
      const answer = await answerOf(source, name, spec);
      left.delete(name);
      waiting([...left]);
      return answer;
    }),
  ]);
  const problems: Finding[] = [...saved.problems];
  const notices: Finding[] = [];
  for (const [i, { error }] of answers.entries()) {
    if (error === undefined) continue;
    const finding = sourceFinding(error, spec.layer_names[i]!);
    (isProblem(finding, spec.layers[i]!.required) ? problems : notices).push(finding);
  }
  const empty: Configuration = {
    ...emptyConfiguration(spec.layer_names, spec.secrets, spec.aliases),
    overrides: saved.overrides,
  };
  const made = await configurationOf(spec, empty, answers, problems);
  const state = stateOf(spec, made, answers);
  return { state, verdict: await verdictOf(state, problems, notices) };
}

async function answerOf(source: Source, name: string, spec: ConfigSpec): Promise<Answer> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(
      () => {
        const error = lateError(name, spec.load_timeout);
        stop.abort(error);
        resolve({ state: "error", error });
      },
      Math.min(spec.load_timeout, LONGEST_TIMER),
    );
  });
  const load = async (): Promise<Answer> => {
    try {
      const loaded = await source.load({ signal: stop.signal, env: spec.env, first: true });
      if (loaded?.outcome === "absent") return { state: "absent" };
      if (loaded?.outcome === "data" && loaded.contribution !== undefined)
        return { state: "ok", contribution: loaded.contribution };
      throw new Error('its load must return "data" with a contribution, or "absent"');
    } catch (thrown) {
      const error = asError(thrown);
      if (error instanceof ConfigSourceError) return { state: "error", error };
      const message = `Cannot load "${name}": ${error.message}`;
      return { state: "error", error: new ConfigSourceError(message, { source: name, code: "failed", cause: thrown }) };
    }
  };
  try {
    return await Promise.race([inProcess(load), late]);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** Runs it in a process, as a manager does: the load may call functions that need one. */
function inProcess<T>(run: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    erlang.spawn(async () => resolve(await run()));
  });
}

async function savedOverrides(spec: ConfigSpec): Promise<{ overrides: Overrides; problems: readonly Finding[] }> {
  const file = spec.overrides_file;
  if (file === undefined) return { overrides: Overrides.none, problems: [] };
  try {
    const { overrides } = await file.load();
    return { overrides: Overrides.of(byNewNames(overrides, spec.aliases, spec.shape)), problems: [] };
  } catch (error) {
    return { overrides: Overrides.none, problems: [sourceFinding(asError(error), file.name)] };
  }
}

/** The configuration of all sources together; its problems are added to the list. */
async function configurationOf(
  spec: ConfigSpec,
  empty: Configuration,
  answers: readonly Answer[],
  problems: Finding[],
): Promise<Configuration> {
  const contributions = answers.map(({ contribution }) => contribution);
  let prepared: Prepared | undefined;
  while (prepared === undefined) {
    try {
      prepared = prepare(empty, { kind: "sources", contributions: [...contributions] }, spec);
    } catch (thrown) {
      // One source is unusable: the problems of the others are listed all the same.
      const error = asError(thrown);
      const at = error instanceof ConfigSourceError ? spec.layer_names.indexOf(error.source) : -1;
      problems.push(sourceFinding(error, spec.layer_names[at] ?? spec.name));
      if (at < 0 || contributions[at] === undefined) return empty;
      contributions[at] = undefined;
    }
  }
  const isWhole = problems.length === 0 && answers.every(({ error }) => error === undefined);
  try {
    const checked = await limited(check(empty, prepared, spec), spec.validation_timeout);
    return complete(empty, prepared, checked);
  } catch (thrown) {
    const error = asError(thrown);
    const found =
      error instanceof ConfigValidationError && error.problems.length > 0
        ? error.problems.map(findingOf)
        : [{ message: error.message, code: "invalid" }];
    // A missing value may be in a source that failed.
    problems.push(...found.filter(({ place }) => isWhole || place !== undefined));
    const { next } = prepared;
    return { ...next, snapshot: new Snapshot(1, next.raw, spec.secrets, spec.aliases) };
  }
}

async function limited<T>(checked: T | Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `Cannot load the configuration: validation took longer than ${ms} ms`;
    timer = setTimeout(() => reject(new ConfigValidationError(message)), Math.min(ms, LONGEST_TIMER));
  });
  try {
    return await Promise.race([checked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The state that a manager would start with. */
function stateOf(spec: ConfigSpec, configuration: Configuration, answers: readonly Answer[]): State {
  const now = Date.now();
  const initial = initialState(spec);
  return {
    ...initial,
    phase: "running",
    configuration,
    history: [{ snapshot: configuration.snapshot, overrides: configuration.overrides, at: now, cause: "start" }],
    sources: initial.sources.map((source, i) => ({
      ...source,
      candidate: answers[i]!.contribution,
      state: answers[i]!.state,
      ...(answers[i]!.error === undefined
        ? { last_success: now }
        : { last_error: { at: now, error: answers[i]!.error } }),
    })),
  };
}
