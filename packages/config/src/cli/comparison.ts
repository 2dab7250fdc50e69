import { newBudget } from "../budget.ts";
import { readFileSync } from "node:fs";
import { isTable } from "../core/draft.ts";
import { admit } from "../core/plain.ts";
import { parsePath } from "../core/path.ts";
import { Secrets } from "../core/secrets.ts";
import type { Segments, Table, Value } from "../core/value.ts";
import { format_by_extension, format_named, load_format } from "../formats/by_extension.ts";
import { changedValues } from "../manager/history.ts";
import type { State } from "../manager/state.ts";
import type { ChangedValue } from "../protocol.ts";
import { Failure } from "./failure.ts";

/** One side of a comparison. */
export interface Side {
  /** Without secrets. */
  readonly shown: Table;
  /** With its secrets; undefined if they are unknown. */
  readonly real?: Table;
  readonly secrets?: Secrets;
}

/** The side of a specification. */
export function sideOf({ configuration, spec }: State): Side {
  const { snapshot } = configuration;
  return { shown: snapshot.redacted(), real: snapshot.tree, secrets: spec.secrets };
}

/** The side of a file, such as one from `tree --json`. @throws Failure if it is unreadable */
export async function sideOfFile(file: string): Promise<Side> {
  const name = format_by_extension(file);
  if (name === undefined)
    throw new Failure(`Cannot compare with ${file}: its format is not known; it must be TOML, JSON, YAML or .env`, 2);
  let tree: Value;
  try {
    await load_format(name);
    tree = admit(format_named(name).parse(readFileSync(file, "utf8")).tree, {}, { strict: false });
  } catch (error) {
    throw new Failure(`Cannot compare with ${file}: ${(error as Error).message}`);
  }
  if (!isTable(tree)) throw new Failure(`Cannot compare with ${file}: it is not a table`);
  return { shown: tree };
}

/** The leaves in which two sides differ, secrets redacted. Secrets are compared only if both sides know theirs. */
export async function compared(before: Side, now: Side): Promise<readonly ChangedValue[]> {
  const all = [before.secrets ?? NAMED, now.secrets ?? NAMED];
  const redact = (path: Segments, value: Value | undefined): Value | undefined =>
    all.reduce((shown, secrets) => secrets.redact(path, shown), value);
  const [old, fresh] =
    before.real !== undefined && now.real !== undefined
      ? [before.real, now.real]
      : [redact([], before.shown) as Table, redact([], now.shown) as Table];
  const changed = await changedValues(old, fresh, NAMED, newBudget());
  return changed.map(({ path, old_value, new_value }) => {
    const at = parsePath(path);
    return { path, old_value: redact(at, old_value), new_value: redact(at, new_value) };
  });
}

const NAMED = new Secrets();
