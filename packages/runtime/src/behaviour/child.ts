/** Child specifications and supervisor options: their types, and OTP's terms for their mistakes. */
import { type Atom, ensure } from "../term/atom.ts";
import {
  ALL_SIGNIFICANT,
  ANY_SIGNIFICANT,
  BRUTAL_KILL,
  INFINITY,
  NEVER,
  ONE_FOR_ALL,
  ONE_FOR_ONE,
  PERMANENT,
  REST_FOR_ONE,
  SIMPLE_ONE_FOR_ONE,
  SUPERVISOR,
  TEMPORARY,
  TRANSIENT,
  WORKER,
} from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isTuple, read } from "../term/guarded.ts";
import { isAtom, isPid } from "../term/kinds.ts";
import { isEverywhere, nearest, unknownOption } from "../term/options.ts";
import { strange } from "../term/strange.ts";
import { type Backoff, checkBackoff, type CheckedBackoff } from "./backoff.ts";

type Word<N extends string> = N | Atom<N>;

/** How a child is started and what happens when it ends. OTP's child specification; `task` is its start function. */
export interface ChildSpec {
  /** Unique in its supervisor. A string and the atom of the same name are the same id. */
  readonly id: unknown;
  /** Starts the child: returns its pid (or a promise of it), `[pid, info]` or `IGNORE`, or fails. It must link the child to its caller. */
  readonly task: (...args: never[]) => unknown;
  /** Arguments of `task`. Default none. */
  readonly args?: readonly unknown[] | undefined;
  /** Whether a child that ends is restarted: always (default), only after a failure, or never. */
  readonly restart?: Word<"permanent"> | Word<"transient"> | Word<"temporary"> | undefined;
  /** How it is stopped: at once, or with this many ms to shut down. Default 5,000; `Infinity` for a supervisor. */
  readonly shutdown?: number | Word<"brutal_kill"> | Word<"infinity"> | undefined;
  readonly type?: Word<"worker"> | Word<"supervisor"> | undefined;
  /** Whether its end can end the supervisor (`auto_shutdown`). */
  readonly significant?: boolean | undefined;
  /** Accepted and checked, otherwise unused. */
  readonly modules?: readonly unknown[] | Word<"dynamic"> | undefined;
  /**
   * Delays the child's restarts, longer and longer while the child keeps failing. Not in OTP, which restarts at once,
   * as is the default here. A restart counts against `max_restarts` when it is made, after its delay.
   */
  readonly backoff?: Backoff | undefined;
}

/** Which children are restarted with a failed one, as a string or an atom. */
export type Strategy = Word<"one_for_one"> | Word<"one_for_all"> | Word<"rest_for_one"> | Word<"simple_one_for_one">;
/** Whether the end of significant children ends the supervisor, as a string or an atom. */
export type AutoShutdown = Word<"never"> | Word<"any_significant"> | Word<"all_significant">;

/** How a supervisor treats its children. */
export interface Flags {
  /** Which children are restarted with a failed one. Default one_for_one. */
  readonly strategy?: Strategy | undefined;
  /** How many restarts are allowed within `max_seconds` before the supervisor gives up (OTP's intensity). Default 1. */
  readonly max_restarts?: number | undefined;
  /** OTP's period, in seconds. Default 5. */
  readonly max_seconds?: number | undefined;
  /** Whether the end of significant children ends the supervisor. Default never. */
  readonly auto_shutdown?: AutoShutdown | undefined;
}

/** A specification with its defaults. */
export interface CheckedSpec {
  readonly id: unknown;
  readonly task: (...args: unknown[]) => unknown;
  readonly args: readonly unknown[];
  readonly restart: Atom;
  readonly shutdown: number | Atom;
  readonly type: Atom;
  readonly significant: boolean;
  readonly modules: readonly unknown[] | Atom;
  readonly backoff?: CheckedBackoff;
}

export interface CheckedFlags {
  readonly strategy: Atom;
  readonly intensity: number;
  readonly period: number;
  readonly auto_shutdown: Atom;
}

/** A problem: OTP's term, and a sentence. */
export interface Problem {
  readonly reason: unknown;
  readonly text: string;
}

export function isProblem(value: object): value is Problem {
  return "reason" in value && "text" in value;
}

// A word as an atom; any other value is not a known word.
function word(value: unknown): Atom | number | readonly unknown[] | undefined {
  if (typeof value === "string") return ensure(value);
  return typeof value === "number" || isAtom(value) || isTuple(value)
    ? (value as Atom | number | readonly unknown[])
    : undefined;
}

const RESTARTS = ["permanent", "transient", "temporary"];
const STRATEGIES = ["one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"];

// Why a value is none of these words: it is misspelt, or the function that returns one.
function unlike(value: unknown, words: readonly string[]): string {
  if (typeof value === "function") return "; it is a function: is a call missing?";
  const like = typeof value === "string" ? nearest(value, words) : undefined;
  return like === undefined ? strange(value) : ` (did you mean ${like}?)`;
}

// OTP has another name for this key.
const renamed = (given: object, otp: string, here: string): string =>
  otp in given ? `; OTP's ${otp} is called ${here} here` : "";

// The result of a start function in place of the function.
const isStarted = (task: unknown): boolean => isPid(task) || task instanceof Promise;

const problem = (tag: string, value: unknown, text: string): Problem => ({ reason: [ensure(tag), value], text });

/** Checks one specification; `auto` is the supervisor's auto_shutdown, or undefined if unknown. */
export function checkSpec(spec: unknown, auto: Atom | undefined, unknown: Unknown = "refused"): CheckedSpec | Problem {
  if (typeof spec !== "object" || spec === null || isTuple(spec) || isAtom(spec)) {
    return problem(
      "invalid_child_spec",
      spec,
      `a child specification must be an object with id and task, got ${describe(spec)}`,
    );
  }
  const given = spec as Partial<Record<keyof ChildSpec, unknown>>;
  if (given.id === undefined) return { reason: ensure("missing_id"), text: "a child specification needs an id" };
  // Only made for a problem: describing takes longer than checking.
  const child = () => `child ${describe(given.id)}`;
  if (given.task === undefined)
    return {
      reason: ensure("missing_start"),
      text: `${child()} needs a task, the function that starts it${renamed(given, "start", "task")}`,
    };
  if (typeof given.task !== "function")
    return problem(
      "invalid_mfa",
      given.task,
      `${child()}: task must be a function, got ${describe(given.task)}${isStarted(given.task) ? ". It is called by the supervisor: write task: () => gen_server.start_link(…)" : ""}`,
    );
  const extra = unknownKey(given, KNOWN_SPEC_KEYS, unknown);
  if (extra !== undefined) return problem("invalid_child_spec", spec, `${child()}: ${unknownOption(extra, SPEC_KEYS)}`);
  const args = given.args ?? [];
  if (!isTuple(args))
    return problem("invalid_mfa", given.args, `${child()}: args must be an array, got ${describe(given.args)}`);
  const restart = word(given.restart ?? PERMANENT);
  if (restart !== PERMANENT && restart !== TRANSIENT && restart !== TEMPORARY) {
    return problem(
      "invalid_restart_type",
      given.restart,
      `${child()}: restart must be permanent, transient or temporary, got ${describe(given.restart)}${unlike(given.restart, RESTARTS)}`,
    );
  }
  const significant = given.significant ?? false;
  if (typeof significant !== "boolean")
    return problem(
      "invalid_significant",
      significant,
      `${child()}: significant must be true or false, got ${describe(significant)}`,
    );
  if (significant) {
    const bad = badSignificant(restart, auto);
    if (bad !== undefined) return { reason: [ensure("bad_combination"), bad.terms], text: `${child()}: ${bad.text}` };
  }
  const type = word(given.type ?? WORKER);
  if (type !== WORKER && type !== SUPERVISOR)
    return problem(
      "invalid_child_type",
      given.type,
      `${child()}: type must be worker or supervisor, got ${describe(given.type)}${unlike(given.type, ["worker", "supervisor"])}`,
    );
  const shutdown = word(given.shutdown ?? (type === SUPERVISOR ? Infinity : 5_000));
  const timed = typeof shutdown === "number" && shutdown >= 0;
  if (!timed && shutdown !== BRUTAL_KILL && shutdown !== INFINITY) {
    return problem(
      "invalid_shutdown",
      given.shutdown,
      `${child()}: shutdown must be milliseconds ≥ 0, Infinity or brutal_kill, got ${describe(given.shutdown)}${unlike(given.shutdown, ["brutal_kill"])}`,
    );
  }
  const modules = word(given.modules ?? []);
  if (!isTuple(modules) && modules !== ensure("dynamic")) {
    return problem(
      "invalid_modules",
      given.modules,
      `${child()}: modules must be a list or dynamic, got ${describe(given.modules)}${strange(given.modules)}`,
    );
  }
  const odd = isTuple(modules)
    ? modules.find((module) => module === null || !["string", "object", "function"].includes(typeof module))
    : undefined;
  if (odd !== undefined)
    return problem("invalid_module", odd, `${child()}: modules must hold modules, got ${describe(odd)}`);
  const checked: CheckedSpec = {
    id: given.id,
    task: given.task as CheckedSpec["task"],
    args: args as readonly unknown[],
    restart,
    shutdown: timed ? shutdown : shutdown === INFINITY ? Infinity : BRUTAL_KILL,
    type,
    significant,
    modules: modules as readonly unknown[] | Atom,
  };
  if (given.backoff === undefined) return checked;
  const backoff = checkBackoff(given.backoff);
  if (typeof backoff === "string") return problem("invalid_backoff", given.backoff, `${child()}: backoff: ${backoff}`);
  return { ...checked, backoff };
}

function badSignificant(restart: Atom, auto: Atom | undefined): { terms: unknown; text: string } | undefined {
  const significant = [ensure("significant"), true];
  if (auto === NEVER) {
    return {
      terms: [[ensure("auto_shutdown"), NEVER], significant],
      text: "a significant child needs a supervisor whose auto_shutdown is any_significant or all_significant",
    };
  }
  if (restart === PERMANENT) {
    return {
      terms: [[ensure("restart"), PERMANENT], significant],
      text: "a permanent child cannot be significant: it never ends for good",
    };
  }
  return undefined;
}

/** Checks a list of specifications: returns the first problem, or all checked specifications. */
export function checkSpecs(
  specs: unknown,
  auto: Atom | undefined,
  unknown: Unknown = "refused",
): readonly CheckedSpec[] | Problem {
  if (!isTuple(specs)) return problem("badarg", specs, `child specifications must be an array, got ${describe(specs)}`);
  const checked: CheckedSpec[] = [];
  const seen = new Set<unknown>();
  for (const spec of specs) {
    const one = checkSpec(spec, auto, unknown);
    if (isProblem(one)) return one;
    const key = keyOf(one.id);
    if (seen.has(key)) return problem("duplicate_child_name", one.id, `two children have the id ${describe(one.id)}`);
    seen.add(key);
    checked.push(one);
  }
  return checked;
}

const SPEC_KEYS = ["id", "task", "args", "restart", "shutdown", "type", "significant", "modules", "backoff"];
const FLAG_KEYS = ["strategy", "max_restarts", "max_seconds", "auto_shutdown"];
/** The options of a start with a list of children, including the flags. */
export const OPTION_KEYS = [...FLAG_KEYS, "name", "signals"];
// Sets in addition to the lists: looking up each key in a list is half the cost of checking a specification.
const KNOWN_SPEC_KEYS: ReadonlySet<string> = new Set(SPEC_KEYS);
const KNOWN_OPTION_KEYS: ReadonlySet<string> = new Set(OPTION_KEYS);

/**
 * The treatment of unknown keys. OTP's forms (a module's init, check_childspecs) ignore them as OTP does, except
 * misspelt ones.
 */
export type Unknown = "refused" | "ignored";

function unknownKey(given: object, known: ReadonlySet<string>, unknown: Unknown): string | undefined {
  for (const key in given)
    if (
      !known.has(key) &&
      (unknown === "refused" || nearest(key, [...known]) !== undefined) &&
      !isEverywhere(given, key)
    )
      return key;
  return undefined;
}

/** Checks a supervisor's flags. */
export function checkFlags(flags: unknown, unknown: Unknown = "refused"): CheckedFlags | Problem {
  if (typeof flags !== "object" || flags === null || isTuple(flags) || isAtom(flags)) {
    return problem("invalid_type", flags, `supervisor options must be an object, got ${describe(flags)}`);
  }
  const given = flags as Partial<Record<keyof Flags, unknown>>;
  const extra = unknownKey(given, KNOWN_OPTION_KEYS, unknown);
  if (extra !== undefined)
    return problem(
      "invalid_option",
      extra,
      `${unknownOption(extra, OPTION_KEYS)}${renamed(given, "intensity", "max_restarts")}${renamed(given, "period", "max_seconds")}`,
    );
  const strategy = word(given.strategy ?? ONE_FOR_ONE);
  if (
    strategy !== ONE_FOR_ONE &&
    strategy !== ONE_FOR_ALL &&
    strategy !== REST_FOR_ONE &&
    strategy !== SIMPLE_ONE_FOR_ONE
  ) {
    return problem(
      "invalid_strategy",
      given.strategy,
      `strategy must be one_for_one, one_for_all, rest_for_one or simple_one_for_one, got ${describe(given.strategy)}${unlike(given.strategy, STRATEGIES)}`,
    );
  }
  const intensity = given.max_restarts ?? 1;
  if (typeof intensity !== "number" || !Number.isInteger(intensity) || intensity < 0) {
    return problem(
      "invalid_intensity",
      intensity,
      `max_restarts must be a whole number ≥ 0, got ${describe(intensity)}`,
    );
  }
  const period = given.max_seconds ?? 5;
  if (typeof period !== "number" || !Number.isInteger(period) || period <= 0) {
    return problem("invalid_period", period, `max_seconds must be a whole number > 0, got ${describe(period)}`);
  }
  const auto = word(given.auto_shutdown ?? NEVER);
  if (auto !== NEVER && auto !== ANY_SIGNIFICANT && auto !== ALL_SIGNIFICANT) {
    return problem(
      "invalid_auto_shutdown",
      given.auto_shutdown,
      `auto_shutdown must be never, any_significant or all_significant, got ${describe(given.auto_shutdown)}${unlike(given.auto_shutdown, ["any_significant", "all_significant"])}`,
    );
  }
  return { strategy, intensity, period, auto_shutdown: auto };
}

/** The key for looking up an id: atoms by their name, tuples by their elements, everything else by identity. */
export function keyOf(id: unknown): unknown {
  if (isAtom(id)) return id.name;
  // No text equals the key of a tuple.
  if (typeof id === "string") return id.startsWith(TUPLE) ? TUPLE + JSON.stringify(id) : id;
  try {
    return isTuple(id) ? TUPLE + tupleKey(id) : id;
  } catch {
    // A proxy that throws is compared by identity.
    return id;
  }
}

const TUPLE = "\0";
const numbered = new WeakMap<WeakKey, number>();
let next = 0;

// A text that is the same only for equal tuples. Objects and symbols are compared by identity, so they are numbered.
function tupleKey(tuple: readonly unknown[], depth = 0): string {
  const parts = Array.from({ length: tuple.length }, (_, index) => {
    const item = read(tuple, index);
    // A tuple may contain itself.
    if (isTuple(item) && depth < 20) return tupleKey(item, depth + 1);
    if (isAtom(item)) return JSON.stringify(item.name);
    if (typeof item === "string") return JSON.stringify(item);
    if ((typeof item !== "object" && typeof item !== "function" && typeof item !== "symbol") || item === null)
      return `${typeof item}:${String(item)}`;
    const known = typeof item === "symbol" ? Symbol.keyFor(item) : undefined;
    if (known !== undefined) return `symbol:${JSON.stringify(known)}`;
    const number = numbered.get(item) ?? ++next;
    numbered.set(item, number);
    return `#${number}`;
  });
  return `[${parts.join(",")}]`;
}
