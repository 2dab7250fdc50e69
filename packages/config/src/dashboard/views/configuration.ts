import { stringify } from "smol-toml";
import { newBudget } from "../../budget.ts";
import { originAt, explain, type Explanation } from "../../core/explain.ts";
import { isTable } from "../../core/draft.ts";
import type { Origin } from "../../core/layer.ts";
import { placeOf } from "../../core/layers.ts";
import { formatPath, joinPath, parsePath } from "../../core/path.ts";
import type { Shape } from "../../core/shape.ts";
import { countLeaves, valueAt } from "../../core/snapshot.ts";
import type { Segments, Table, Value } from "../../core/value.ts";
import type { State } from "../../manager/state.ts";
import { writtenOf } from "../../core/json_writer.ts";
import { type Context, listIn, numberIn } from "../context.ts";
import type { Manager } from "../managers.ts";
import type { Visitor } from "../options.ts";
import { cut } from "../text.ts";

/** Tables with more keys are collapsed. */
const LARGE = 60;
const PAGE = 200;
const MOST_ROWS = 1_000;
const MOST_LOOKED = 200_000;

/** A node of the configuration in a row. */
export interface Node {
  readonly path: string;
  readonly key: string;
  readonly depth: number;
  readonly kind: "table" | "leaf" | "more";
  readonly type?: string;
  readonly value?: string;
  readonly secret?: boolean;
  /** The kind of its origin: `file`, `environment`, `consul`, `put`, `default`, … */
  readonly badge?: string;
  readonly place?: string;
  /** Whether any of it was put at run time. */
  readonly overridden?: boolean;
  readonly keys?: number;
  readonly open?: boolean;
  readonly left?: number;
}

/** The effective configuration as a tree, and one path explained. */
export async function configuration(context: Context, query: URLSearchParams, visitor: Visitor): Promise<object> {
  const manager = context.managers.named(query.get("manager"));
  const made = manager.state?.configuration;
  if (made === undefined) return view(context, manager, query, visitor);
  // A page reads this every second, and usually nothing has changed.
  let known = remembered.get(made);
  if (known === undefined) remembered.set(made, (known = new Map<string, object>()));
  const key = `${visitor.write !== false} ${query}`;
  let data = known.get(key);
  if (data === undefined) {
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(key, (data = await view(context, manager, query, visitor)));
  }
  return data;
}

const remembered = new WeakMap<object, Map<string, object>>();
const MOST_REMEMBERED = 16;

async function view(
  { managers, options }: Context,
  manager: Manager,
  query: URLSearchParams,
  visitor: Visitor,
): Promise<object> {
  const { state, name } = manager;
  const base = {
    managers: managers.all.map((one) => one.name),
    manager: name,
    can_write: !options.read_only && visitor.write !== false,
  };
  if (state === undefined) return { ...base, missing: true, rows: [] };
  const { snapshot, overrides } = state.configuration;
  const path = query.get("path");
  const looker = new Looker(state);
  const only = query.get("only");
  const search = (query.get("q") ?? "").toLowerCase();
  const flat = search !== "" || only === "overrides" || only === "defaults";
  return {
    ...base,
    version: snapshot.version,
    keys: countLeaves(snapshot.tree),
    overrides: [...overrides].length,
    ...(flat ? looker.list(search, only, numberIn(query, "n", PAGE, MOST_ROWS)) : looker.tree(query)),
    ...(path === null || path === "" ? {} : { panel: await panel(manager, state, path) }),
  };
}

class Looker {
  private readonly state: State;
  private readonly shown: Table;

  constructor(state: State) {
    this.state = state;
    this.shown = state.configuration.snapshot.redacted();
  }

  tree(query: URLSearchParams): { rows: Node[] } {
    const opened = new Set(listIn(query, "open"));
    const closed = new Set(listIn(query, "closed"));
    const more = new Set(listIn(query, "more"));
    const rows: Node[] = [];
    const visit = (table: Table, path: string, segments: Segments, depth: number) => {
      const keys = Object.keys(table);
      const most = more.has(path === "" ? "." : path) ? MOST_ROWS : PAGE;
      for (const key of keys.slice(0, most)) {
        if (rows.length >= MOST_ROWS) break;
        const value = table[key]!;
        const below = joinPath(path, key);
        const at = [...segments, key];
        if (!isTable(value) || Object.keys(value).length === 0) {
          rows.push(this.leaf(value, below, key, at, depth));
          continue;
        }
        const count = Object.keys(value).length;
        const open = !closed.has(below) && (opened.has(below) || count <= LARGE);
        const { overrides } = this.state.configuration;
        rows.push({
          path: below,
          key,
          depth,
          kind: "table",
          keys: count,
          open,
          overridden: overrides.hasWithin(at) || overrides.deciding(at) !== undefined,
        });
        if (open) visit(value, below, at, depth + 1);
      }
      if (keys.length > most)
        rows.push({ path: path === "" ? "." : path, key: "", depth, kind: "more", left: keys.length - most });
    };
    visit(this.shown, "", [], 0);
    return { rows };
  }

  /** Matching leaves, as a list. */
  list(search: string, only: string | null, count: number): { rows: Node[]; matching: number; more: boolean } {
    const rows: Node[] = [];
    let matching = 0;
    let looked = 0;
    const visit = (table: Table, path: string, segments: Segments): void => {
      for (const key of Object.keys(table)) {
        if (++looked > MOST_LOOKED) return;
        const value = table[key]!;
        const below = joinPath(path, key);
        const at = [...segments, key];
        if (isTable(value)) {
          visit(value, below, at);
          continue;
        }
        if (
          search !== "" &&
          !below.toLowerCase().includes(search) &&
          !textOfValue(value).toLowerCase().includes(search)
        )
          continue;
        if (only === "overrides" && this.state.configuration.overrides.deciding(at) === undefined) continue;
        if (only === "defaults" && valueAt(this.state.configuration.raw, at) !== undefined) continue;
        matching++;
        if (rows.length < count) rows.push(this.leaf(value, below, below, at, 0));
      }
    };
    visit(this.shown, "", []);
    return { rows, matching, more: matching > rows.length };
  }

  private leaf(value: Value, path: string, key: string, at: Segments, depth: number): Node {
    const { layers, overrides, raw } = this.state.configuration;
    const origin = valueAt(raw, at) === undefined ? undefined : originAt(at, layers, overrides);
    return {
      path,
      key,
      depth,
      kind: "leaf",
      type: typeOf(value),
      value: textOfValue(value),
      secret: this.state.spec.secrets.covers(at),
      badge: badgeOf(origin, this.state),
      place: origin === undefined ? "the schema's default" : placeOf(origin),
      overridden: overrides.deciding(at) !== undefined,
    };
  }
}

async function panel(manager: Manager, state: State, text: string): Promise<object> {
  let path: Segments;
  try {
    path = parsePath(text);
  } catch (error) {
    return { path: text, error: (error as Error).message };
  }
  const { configuration: now, spec } = state;
  const { snapshot, raw, layers, overrides } = now;
  const found = await explain(path, { snapshot, raw, layers, overrides, secrets: spec.secrets }, newBudget());
  const overridden = now.overrides.hasWithin(path) || now.overrides.deciding(path) !== undefined;
  const stack = [
    ...(found.winner === undefined ? [] : [{ ...layerOf(found.winner, state), role: "winner" }]),
    ...found.merged.map((one) => ({ ...layerOf(one, state), role: "merged" })),
    ...found.shadowed.map((one) => ({ ...layerOf(one, state), role: "shadowed" })),
  ].map((one) => ({ ...one, why: manager.scrub(one.why) }));
  const { value } = found;
  const masked = found.secret || value !== valueAt(now.snapshot.tree, path);
  return {
    path: found.path,
    version: found.version,
    value: value === undefined ? undefined : textOfValue(value),
    // What an editor begins with: nothing of what is not shown whole.
    editable: value === undefined || masked ? "" : typeof value === "string" ? value : writtenOf(value, 2),
    masked,
    copies: value === undefined || masked ? {} : copiesOf(path, value),
    type: value === undefined ? "nothing" : typeOf(value),
    secret: found.secret,
    schema: found.schema,
    since: sinceOf(manager, state, path),
    expected: spec.shape === undefined ? undefined : expectedOf(spec.shape, path),
    stack,
    overridden,
    comes_back: overridden ? comesBack(found) : undefined,
  };
}

/** The change that set the value at a path, if it is still in the history. */
function sinceOf(manager: Manager, { history }: State, path: Segments): object | undefined {
  for (let index = history.length - 1; index > 0; index--) {
    const { snapshot, at, cause, actor, reason } = history[index]!;
    if (Object.is(valueAt(snapshot.tree, path), valueAt(history[index - 1]!.snapshot.tree, path))) continue;
    return { version: snapshot.version, at: new Date(at).toISOString(), cause, ...manager.author(actor, reason) };
  }
  return undefined;
}

function layerOf(
  one: NonNullable<Explanation["winner"]>,
  state: State,
): { source: string; badge: string; place: string; value: string; why: string } {
  return {
    source: one.source,
    badge: badgeOf(one.origin, state),
    place: one.place,
    value: textOfValue(one.value),
    why: one.why,
  };
}

function comesBack({ shadowed, merged }: Explanation): object | undefined {
  const [next] = [...merged, ...shadowed];
  return next === undefined ? { nothing: true } : { value: textOfValue(next.value), place: next.place };
}

/** The type that the schema expects at a path, in words. */
function expectedOf(shape: Shape, path: Segments): string | undefined {
  let at: Shape | undefined = shape;
  for (const segment of path) at = at?.children.get(segment) ?? at?.rest;
  if (at === undefined || at.guess === true) return undefined;
  const values = at.values?.map((one) => textOfValue(one)).join(" | ");
  const name = values ?? at.options?.map((one) => one.type ?? "").join(" | ") ?? at.type;
  return name === undefined || name === "" ? undefined : `${name}${at.nullable === true ? " | null" : ""}`;
}

/** The kind of source of a value, in one word. */
export function badgeOf(origin: Origin | undefined, state: State): string {
  if (origin === undefined) return "default";
  const source = state.sources.find(({ name }) => name === origin.source)?.source as { kind?: unknown } | undefined;
  if (source !== undefined && typeof source.kind === "string") return source.kind;
  if (origin.source === "runtime") return "put";
  if (origin.variable !== undefined) return "environment";
  if (origin.file !== undefined) return "file";
  return origin.key === undefined ? origin.source : "key";
}

export function typeOf(value: Value): string {
  if (value === null) return "null";
  if (isTable(value)) return "table";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

export function textOfValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  try {
    return cut(writtenOf(value), 400);
  } catch {
    return "a value that cannot be shown";
  }
}

/** Longer ones are not for a clipboard. */
const LONGEST_COPY = 20_000;

/** What stands for a setting elsewhere, by what it is called. */
function copiesOf(path: Segments, value: Value): Readonly<Record<string, string>> {
  const json = writtenOf(value, 2);
  if (json.length > LONGEST_COPY || path.length === 0) return {};
  const name = path
    .join("__")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/gu, "_");
  const toml = tomlOf(path, value);
  return {
    path: formatPath(path),
    JSON: json,
    ...(toml === undefined ? {} : { TOML: toml }),
    env: `${name}=${typeof value === "string" ? value : writtenOf(value)}`,
  };
}

/** TOML knows no null, and not every list. */
function tomlOf(path: Segments, value: Value): string | undefined {
  try {
    if (value === null) return undefined;
    return stringify(path.reduceRight<unknown>((below, key) => ({ [key]: below }), value) as Table).trim();
  } catch {
    return undefined;
  }
}
