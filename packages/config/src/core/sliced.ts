import { Draft, isTable } from "./draft.ts";
import type { Layer } from "./layer.ts";
import { remember } from "./layers.ts";
import { Admission, type AdmissionRules, admit, isAdmitted } from "./plain.ts";
import type { Value } from "./value.ts";

/**
 * The one place where work is cut into slices, so that the event loop gets its turn. All rules of the core are plain
 * functions; the only one that looks at every value of a large tree, changed or not, is admission. It is done ahead, table by
 * table, with a look at the budget between two tables (and between the entries of one that is large). What comes out shares
 * with the tree before what is equal, and all later rules skip that by comparison.
 */

/** How long work may go on before the event loop gets its turn. Made by whoever calls: the core knows no clock. */
export interface Budget {
  /** Whether it is time to pause. */
  spent(): boolean;
  /** Resolves when the event loop has had its turn, with a new slice of time. */
  turn(): Promise<void>;
}

/** Values in one piece of work: well below a millisecond. */
const PIECE = 2_000;

/**
 * As `admit`, in slices where the value is large: a promise then. The value must not be changed until it settles.
 *
 * @throws PlainDataError, or rejects with it
 */
export function admitSliced(
  value: unknown,
  before: Value | undefined,
  rules: AdmissionRules,
  budget: Budget,
): Value | Promise<Value> {
  if (isAdmitted(value, rules) || !isLarge(value)) return admit(value, before, rules);
  return admitted(value as object, before, rules, budget);
}

async function admitted(
  value: object,
  before: Value | undefined,
  rules: AdmissionRules,
  budget: Budget,
): Promise<Value> {
  const admission = new Admission(rules);
  try {
    return admission.finish(await container(admission, value, before, budget));
  } catch (error) {
    throw admission.refusal(error);
  }
}

async function container(
  admission: Admission,
  source: object,
  before: Value | undefined,
  budget: Budget,
): Promise<Value> {
  const keys = admission.enter(source);
  const entry = async (key: string, value: object, old: Value | undefined): Promise<Value> => {
    admission.step(key);
    const made = await container(admission, value, old, budget);
    admission.step(undefined);
    return made;
  };
  let made: Value;
  if (keys === undefined) {
    const list = source as readonly unknown[];
    const old: readonly Value[] | undefined = Array.isArray(before) ? before : undefined;
    const out: Value[] = [];
    let same = old?.length === list.length;
    for (let i = 0; i < list.length; i++) {
      if (budget.spent()) await budget.turn();
      const value = list[i];
      const element = isLarge(value)
        ? await entry(String(i), value, old?.[i])
        : admission.at(String(i), value, old?.[i]);
      same &&= Object.is(element, old?.[i]);
      out.push(element);
    }
    made = same ? old! : Object.freeze(out);
  } else {
    const old = isTable(before) ? before : undefined;
    const draft = new Draft(old);
    for (const key of keys) {
      if (budget.spent()) await budget.turn();
      const value = admission.read(source, key);
      if (value === undefined) continue;
      const below = old !== undefined && Object.hasOwn(old, key) ? old[key] : undefined;
      draft.set(key, isLarge(value) ? await entry(key, value, below) : admission.at(key, value, below));
    }
    made = draft.done();
  }
  admission.leave(source);
  return made;
}

/**
 * Admits what a source contributes before it is asked for, in slices where it is large. What is wrong with it is found again,
 * and said, when the contribution is used.
 *
 * @param layer what the same source contributes so far
 * @returns undefined when there is nothing to wait for; never rejects
 */
export function admitAhead(contribution: unknown, layer: Layer, budget: Budget): Promise<void> | undefined {
  if (typeof contribution !== "object" || contribution === null) return undefined;
  const tree = treeIn(contribution);
  if (!isLarge(tree)) return undefined;
  return admitted(tree, layer.tree, { strict: false }, budget).then(
    (made) => remember(contribution, layer.tree, made),
    () => undefined,
  );
}

function treeIn(contribution: object): unknown {
  try {
    return (contribution as { readonly tree?: unknown }).tree;
  } catch {
    return undefined;
  }
}

/** Whether a value holds more than one piece of work. What throws when it is looked at will be refused soon enough. */
function isLarge(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  try {
    return counted(value, 0) > PIECE;
  } catch {
    return false;
  }
}

/** Counts no further than needed. Runs no accessor. */
function counted(value: object, before: number): number {
  if (Array.isArray(value) && before + value.length > PIECE) return PIECE + 1;
  let count = before;
  const keys = Object.keys(value);
  count += keys.length;
  for (let i = 0; i < keys.length && count <= PIECE; i++) {
    const below: unknown = Object.getOwnPropertyDescriptor(value, keys[i]!)?.value;
    if (typeof below === "object" && below !== null) count = counted(below, count);
  }
  return count;
}
