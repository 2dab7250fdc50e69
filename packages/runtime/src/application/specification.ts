/** The specification of an application: its name, the applications it needs, and its functions for each phase. */
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple } from "../term/guarded.ts";
import { checkOptions, listed } from "../term/options.ts";
import { strange } from "../term/strange.ts";
import type { Pid } from "../term/pid.ts";
import { checkName } from "../process/registry.ts";
import { isName, type Name, textOf } from "../term/name.ts";

/** The argument of a function with a time limit. */
export interface PhaseContext {
  /** Fires when the time of the phase is over: unfinished work is abandoned then. */
  readonly signal: AbortSignal;
  /** Milliseconds until then. */
  readonly timeout: number;
}

// As a method, so that an application of any state is an application.
type Phase<A extends readonly unknown[], R> = { method(...args: A): R }["method"] | undefined;

/** An application: a named supervision tree, and the work to do before it is stopped. */
export interface Application<S = unknown> {
  /** Unique in the program. A string and the atom of the same name are the same name. */
  readonly name: Name;
  /** A description for humans. */
  readonly description?: string | undefined;
  /** A version for humans. */
  readonly vsn?: string | undefined;
  /** The applications that must run before it starts, and that are stopped after it. */
  readonly applications?: readonly Application[] | undefined;
  /**
   * Starts its supervision tree, linked to the process that calls it: `() => supervisor.start_link(children)`.
   *
   * @returns the tree's pid, or `[pid, state]`; the state is passed to the other functions. Default: no processes
   */
  readonly start?: Phase<[], Pid | readonly [Pid, S] | PromiseLike<Pid | readonly [Pid, S]>>;
  /**
   * Whether it can take work; called by the program's start and by each readiness probe. An error, or any result but
   * `true` and undefined, means no.
   */
  readonly ready?: Phase<[state: S, context: PhaseContext], unknown>;
  /**
   * Whether it works at all; called by each liveness probe. An error, or any result but `true` and undefined, means no:
   * the program should be replaced.
   */
  readonly live?: Phase<[state: S, context: PhaseContext], unknown>;
  /** Stops taking new work, and resolves when the work in progress is finished. Called before anything is stopped. */
  readonly drain?: Phase<[state: S, context: PhaseContext], unknown>;
  /** Called before the tree is stopped. @returns the state for `stop` */
  readonly prep_stop?: Phase<[state: S], S | PromiseLike<S>>;
  /** Called when the tree has stopped, for whatever reason: the place to clean up. */
  readonly stop?: Phase<[state: S], unknown>;
}

const KEYS = [
  "name",
  "description",
  "vsn",
  "applications",
  "start",
  "ready",
  "live",
  "drain",
  "prep_stop",
  "stop",
] as const;
const FUNCTIONS = ["start", "ready", "live", "drain", "prep_stop", "stop"] as const;

/** Refuses a value that is not an application. @throws ErlangError `badarg` */
export function checkApplication(given: unknown): asserts given is Application {
  if (typeof given !== "object" || given === null || isTuple(given))
    throw new ErlangError(
      BADARG,
      `Cannot start an application: it must be an object with ${listed(KEYS)}, got ${describe(given)}${strange(given)}`,
    );
  checkOptions(given, KEYS, "start an application");
  const app = given as Partial<Record<(typeof KEYS)[number], unknown>>;
  const refuse = (why: string) => new ErlangError(BADARG, `Cannot start application ${describe(app.name)}: ${why}`);
  checkName(app.name, refuse);
  for (const key of FUNCTIONS)
    if (app[key] !== undefined && typeof app[key] !== "function")
      throw refuse(`${key} must be a function, got ${describe(app[key])}`);
  const { applications = [] } = app;
  const needed = (each: unknown) => typeof each === "object" && each !== null;
  if (!isTuple(applications) || !applications.every(needed))
    throw refuse(`applications must be an array of applications, got ${describe(applications)}`);
}

/** The name as text, by which it is found. */
export function keyOf(app: Application | Name): string {
  if (isName(app)) return textOf(app);
  checkApplication(app);
  return textOf(app.name);
}

/**
 * An application and all those it needs, in dependency order.
 *
 * @throws ErlangError `badarg` for two applications with the same name, and for applications that need each other
 */
export function inOrder(app: Application): Application[] {
  const order = new Map<string, Application>();
  // The applications that are being visited, from the outside in.
  const path = new Map<string, Application>();
  const visit = (each: Application): void => {
    checkApplication(each);
    const key = keyOf(each);
    if (path.get(key) === each) {
      const names = [...path.keys()];
      throw new ErlangError(
        BADARG,
        `Cannot start application "${key}": applications need each other: ${[...names.slice(names.indexOf(key)), key].join(" → ")}`,
      );
    }
    const known = order.get(key) ?? path.get(key);
    if (known === each) return;
    if (known !== undefined)
      throw new ErlangError(BADARG, `Cannot start application "${key}": two applications have this name`);
    path.set(key, each);
    for (const needed of each.applications ?? []) visit(needed);
    path.delete(key);
    order.set(key, each);
  };
  visit(app);
  return [...order.values()];
}
