import { ConfigSourceError } from "../errors.ts";
import { isTable } from "./draft.ts";
import type { Diagnostic, Knowledge, Layer, Origin } from "./layer.ts";
import { formatPath, parsePath } from "./path.ts";
import { parseScalar } from "./scalar.ts";
import type { Segments, Value } from "./value.ts";

/**
 * How a variable's name becomes a path, in this order:
 *
 *  1. `mapping` names the path;
 *  2. a name with `__` uses `__` as separator and keeps `_`: `MYAPP_DATABASE__MAX_CONNECTIONS`;
 *  3. the layers below or the schema know exactly one path that reads the same with `.` and `_` folded:
 *     `MYAPP_DATABASE_MAX_CONNECTIONS` is `database.max_connections` once a file has that;
 *  4. the note's rule: every `_` separates. Also where several known paths fit, which is reported as ambiguous.
 *
 * With `mode: "naive"` the fourth rule stands alone.
 *
 * Where two variables name one path, the rule that comes first wins, then the name that sorts first. Where one names a
 * table and another a value inside it, the table wins. Both are reported.
 *
 * Source of the rule: the specification's decisions, "Environment".
 */

/** What the names are read with. */
export interface EnvironmentRules {
  /** Only variables that start with it count, and it is not part of the path. Empty: every variable. */
  readonly prefix: string;
  /** Path by variable name; the name whole, or without the prefix. A whole name need not have the prefix. */
  readonly mapping: Readonly<Record<string, string | Segments>>;
  readonly mode: "smart" | "naive";
}

/** The rule that turned a variable's name into a path, as it stands in `Origin.rule`. */
export type EnvironmentRule = "mapping" | "double_underscore" | "known_path" | "note" | "naive";

/** What one variable sets. */
interface Setting {
  readonly variable: string;
  readonly path: Segments;
  readonly rule: EnvironmentRule;
  readonly text: string;
}

/**
 * The layer that the environment makes.
 *
 * @param source the source's name, for origins and diagnostics
 * @param entries the variables; one whose value is undefined is not there
 * @param lower what the layers below and the schema know
 * @throws ConfigSourceError when a mapping names a path that cannot be
 */
export function environmentLayer(
  source: string,
  entries: Readonly<Record<string, string | undefined>>,
  rules: EnvironmentRules,
  lower: Knowledge,
): Layer {
  const diagnostics: Diagnostic[] = [];
  const settings: Setting[] = [];
  for (const variable of Object.keys(entries).sort()) {
    const text = entries[variable];
    if (text === undefined) continue;
    const named = pathOf(source, variable, rules, lower, diagnostics);
    if (named !== undefined) settings.push({ variable, text, ...named });
  }
  settings.sort((a, b) => a.path.length - b.path.length || ORDER.indexOf(a.rule) - ORDER.indexOf(b.rule));

  const tree: Record<string, Value> = {};
  const winners = new Map<string, Setting>();
  for (const setting of settings) {
    const path = formatPath(setting.path);
    const first = winners.get(path);
    if (first !== undefined) {
      const message = `"${first.variable}" and "${setting.variable}" both name "${path}"; "${first.variable}" is used`;
      diagnostics.push({ source, code: "duplicate", message, path });
      continue;
    }
    const shadowed = set(tree, setting.path, parseScalar(setting.text, lower.type(setting.path)));
    if (shadowed !== undefined) {
      const above = formatPath(shadowed);
      const message = `"${setting.variable}" makes "${above}" a table; the value of "${winners.get(above)?.variable ?? above}" is not used`;
      diagnostics.push({ source, code: "shape", message, path: above });
      winners.delete(above);
    }
    winners.set(path, setting);
  }

  return {
    source,
    tree,
    diagnostics,
    origin: (path) => originOf(source, path, winners),
  };
}

const ORDER: readonly EnvironmentRule[] = ["mapping", "double_underscore", "known_path", "note", "naive"];

function pathOf(
  source: string,
  variable: string,
  rules: EnvironmentRules,
  lower: Knowledge,
  diagnostics: Diagnostic[],
): { readonly path: Segments; readonly rule: EnvironmentRule } | undefined {
  const inside = variable.startsWith(rules.prefix);
  const name = inside ? variable.slice(rules.prefix.length) : "";
  if (rules.mode === "smart") {
    const mapped = own(rules.mapping, variable) ?? (inside ? own(rules.mapping, name) : undefined);
    if (mapped !== undefined) return { path: mappedPath(source, variable, mapped), rule: "mapping" };
  }
  if (!inside) return undefined;
  const lowered = name.toLowerCase();
  const words = lowered.split("_").filter((word) => word !== "");
  if (words.length === 0) {
    diagnostics.push({ source, code: "empty_name", message: `"${variable}" names no path; it is not used` });
    return undefined;
  }
  if (rules.mode === "naive") return { path: words, rule: "naive" };
  if (name.includes("__")) {
    return { path: lowered.split("__").filter((word) => word !== ""), rule: "double_underscore" };
  }
  const known = lower.paths(lowered.replace(/^_|_$/g, ""));
  if (known.length === 1) return { path: known[0]!, rule: "known_path" };
  if (known.length > 1) {
    const fits = known.map((path) => `"${formatPath(path)}"`).join(", ");
    const message = `"${variable}" fits ${fits}; it is read as "${formatPath(words)}", write "__" between segments to choose`;
    diagnostics.push({ source, code: "ambiguous", message, path: formatPath(words) });
  }
  return { path: words, rule: "note" };
}

function mappedPath(source: string, variable: string, mapped: string | Segments): Segments {
  const action = `map environment variable "${variable}" to path`;
  let problem = "it names no path";
  try {
    const path = parsePath(mapped, action);
    if (path.length > 0 && !path.includes("__proto__")) return path;
    if (path.length > 0) problem = 'no table may have the key "__proto__"';
  } catch (error) {
    throw new ConfigSourceError((error as Error).message, { source, code: "mapping" });
  }
  throw new ConfigSourceError(`Cannot ${action}: ${problem}`, { source, code: "mapping" });
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Sets a value, making tables on the way. Returns the path of a value that had to give way to a table. */
function set(tree: Record<string, Value>, path: Segments, value: Value): Segments | undefined {
  let shadowed: Segments | undefined;
  let at = tree;
  path.slice(0, -1).forEach((segment, depth) => {
    const below = own(at, segment);
    if (isTable(below)) {
      at = below as Record<string, Value>;
      return;
    }
    if (below !== undefined) shadowed = path.slice(0, depth + 1);
    at = at[segment] = {};
  });
  at[path[path.length - 1]!] = value;
  return shadowed;
}

function originOf(source: string, path: Segments, winners: ReadonlyMap<string, Setting>): Origin {
  for (let length = path.length; length > 0; length--) {
    const setting = winners.get(formatPath(path.slice(0, length)));
    if (setting !== undefined) return { source, variable: setting.variable, rule: setting.rule };
  }
  return { source };
}
