import { stringify } from "smol-toml";
import { newBudget } from "../../budget.ts";
import { originAt, explain, type Explanation } from "../../core/explain.ts";
import { isTable } from "../../core/draft.ts";
import type { Origin } from "../../core/layer.ts";
import { type Mask, maskBelow, REDACTED } from "../../core/secrets.ts";
import { keysOf } from "../../core/table.ts";
import { placeOf } from "../../core/layers.ts";
import { formatPath, joinPath, parsePath } from "../../core/path.ts";
import type { Shape } from "../../core/shape.ts";
import { holdsMore } from "../../core/making.ts";
import { countLeaves, valueAt } from "../../core/snapshot.ts";
import type { Segments, Table, Value } from "../../core/value.ts";
import type { State } from "../../manager/state.ts";
import { writtenOf } from "../../core/json_writer.ts";
import { type Context, listIn, numberIn } from "../context.ts";
import type { Manager } from "../managers.ts";
import type { Visitor } from "../options.ts";
import { previewOf } from "../preview.ts";

/** Tables with more keys are collapsed. */
const LARGE = 60;
const PAGE = 200;
const MOST_ROWS = 1_000;
const MOST_LOOKED = 200_000;
/** What holds more values is not edited at once. */
const MOST_EDITED = 2_000;

/** A node of the configuration in a row. */
export interface Node {
  readonly path: string;
  readonly key: string;
  readonly depth: number;
  /** `more`: others are listed when they are asked for; `rest`: there are too many to list. */
  readonly kind: "table" | "leaf" | "more" | "rest";
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
    ...(flat ? await looker.list(search, only, numberIn(query, "n", PAGE, MOST_ROWS)) : looker.tree(query)),
    ...(path === null || path === "" ? {} : { panel: await panel(manager, state, path) }),
  };
}

class Looker {
  private readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  tree(query: URLSearchParams): { rows: Node[] } {
    const opened = new Set(listIn(query, "open"));
    const closed = new Set(listIn(query, "closed"));
    const more = new Set(listIn(query, "more"));
    const { overrides, snapshot } = this.state.configuration;
    const rows: Node[] = [];
    const visit = (table: Table, mask: Mask, path: string, segments: Segments, depth: number) => {
      const keys = keysOf(table);
      const most = more.has(path === "" ? "." : path) ? MOST_ROWS : PAGE;
      let listed = 0;
      for (; listed < keys.length && listed < most && rows.length < MOST_ROWS; listed++) {
        const key = keys[listed]!;
        const below = joinPath(path, key);
        const at = [...segments, key];
        const inner = maskBelow(mask, key);
        const value = inner === undefined ? REDACTED : table[key]!;
        if (inner === undefined || !isTable(value) || keysOf(value).length === 0) {
          rows.push(this.leaf(value, below, key, at, depth));
          continue;
        }
        const count = keysOf(value).length;
        const open = !closed.has(below) && (opened.has(below) || count <= LARGE);
        const overridden = overrides.hasWithin(at) || overrides.deciding(at) !== undefined;
        rows.push({ path: below, key, depth, kind: "table", keys: count, open, overridden });
        if (open) visit(value, inner, below, at, depth + 1);
      }
      const left = keys.length - listed;
      if (left === 0) return;
      // What is beyond that is found by a search.
      const isAll = most === MOST_ROWS || rows.length >= MOST_ROWS;
      rows.push({ path: path === "" ? "." : path, key: "", depth, kind: isAll ? "rest" : "more", left });
    };
    visit(snapshot.tree, this.state.spec.secrets.mask, "", [], 0);
    return { rows };
  }

  /** Matching leaves, as a list. Looks at all of a large configuration in slices. */
  async list(
    search: string,
    only: string | null,
    count: number,
  ): Promise<{ rows: Node[]; matching: number; more: boolean }> {
    const { overrides, raw, snapshot } = this.state.configuration;
    const { secrets } = this.state.spec;
    const budget = newBudget();
    const rows: Node[] = [];
    let matching = 0;
    let looked = 0;
    const fits = (path: string, at: Segments, value: Value): boolean => {
      if (only === "overrides" && overrides.deciding(at) === undefined) return false;
      if (only === "defaults" && valueAt(raw, at) !== undefined) return false;
      if (search === "" || path.toLowerCase().includes(search)) return true;
      return previewOf(secrets.redact(at, value)).toLowerCase().includes(search);
    };
    const visit = async (table: Table, mask: Mask, path: string, segments: Segments): Promise<void> => {
      for (const key of keysOf(table)) {
        if (++looked > MOST_LOOKED) return;
        if ((looked & 63) === 0 && budget.spent()) await budget.turn();
        const below = joinPath(path, key);
        const at = [...segments, key];
        const inner = maskBelow(mask, key);
        const value = inner === undefined ? REDACTED : table[key]!;
        if (inner !== undefined && isTable(value)) {
          await visit(value, inner, below, at);
        } else if (fits(below, at, value)) {
          matching++;
          if (rows.length < count) rows.push(this.leaf(value, below, below, at, 0));
        }
      }
    };
    await visit(snapshot.tree, secrets.mask, "", []);
    return { rows, matching, more: matching > rows.length };
  }

  private leaf(held: Value, path: string, key: string, at: Segments, depth: number): Node {
    const { layers, overrides, raw } = this.state.configuration;
    const value = this.state.spec.secrets.redact(at, held)!;
    const origin = valueAt(raw, at) === undefined ? undefined : originAt(at, layers, overrides);
    return {
      path,
      key,
      depth,
      kind: "leaf",
      type: typeOf(value),
      value: previewOf(value),
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
  const large = holdsMore(value, MOST_EDITED);
  return {
    path: found.path,
    version: found.version,
    value: value === undefined ? undefined : previewOf(value),
    // The initial text of an editor; empty if the value is not shown as a whole.
    editable: value === undefined || masked || large ? "" : typeof value === "string" ? value : writtenOf(value, 2),
    masked,
    large,
    copies: value === undefined || masked || large ? {} : copiesOf(path, value),
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
    value: previewOf(one.value),
    why: one.why,
  };
}

function comesBack({ shadowed, merged }: Explanation): object | undefined {
  const [next] = [...merged, ...shadowed];
  return next === undefined ? { nothing: true } : { value: previewOf(next.value), place: next.place };
}

/** The type that the schema expects at a path, in words. */
function expectedOf(shape: Shape, path: Segments): string | undefined {
  let at: Shape | undefined = shape;
  for (const segment of path) at = at?.children.get(segment) ?? at?.rest;
  if (at === undefined || at.guess === true) return undefined;
  const values = at.values?.map((one) => previewOf(one)).join(" | ");
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

/** Longer ones are not for a clipboard. */
const LONGEST_COPY = 20_000;

/** A setting in other notations, by their names. */
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
