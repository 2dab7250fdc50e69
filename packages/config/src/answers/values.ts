import { isTable } from "../core/draft.ts";
import { originAt, PUT } from "../core/explain.ts";
import type { Origin } from "../core/layer.ts";
import { placeOf } from "../core/layers.ts";
import { nearPath } from "../core/near_path.ts";
import { formatPath, parsePath } from "../core/path.ts";
import { valueAt } from "../core/snapshot.ts";
import type { Segments, Value } from "../core/value.ts";
import type { State } from "../manager/state.ts";

/** A leaf of the effective configuration. */
export interface Leaf {
  /** Dotted. */
  readonly path: string;
  readonly segments: Segments;
  /** Secrets redacted. */
  readonly value: Value;
  /** Where it comes from, for people: `file:config.toml:3`, `env:MYAPP_PORT`, `put`, `default`. */
  readonly place: string;
  readonly from: "source" | "put" | "default";
}

/** What is effective at a path and below. */
export interface Values {
  readonly path: string;
  readonly version: number;
  /** Secrets redacted; undefined where nothing is. */
  readonly value: Value | undefined;
  /** Sorted as the tables are; the value itself where it is no table. */
  readonly leaves: readonly Leaf[];
  /** Where nothing is there: the known path that was probably meant. */
  readonly near?: string;
}

/** What is effective at a path and below, each leaf with the place that it comes from. @throws TypeError when it is no path */
export function valuesAt(state: State, path: string): Values {
  const { configuration, spec } = state;
  const asked = path === "" ? [] : parsePath(path, "read");
  const at = spec.aliases.rename(asked);
  const value = spec.secrets.redact(at, configuration.snapshot.at(at));
  const near = value === undefined ? nearPath(at, configuration.snapshot.tree, spec.shape) : undefined;
  const leaves: Leaf[] = [];
  const visit = (below: Value, segments: Segments): void => {
    if (isTable(below) && (segments.length === 0 || Object.keys(below).length > 0)) {
      for (const key of Object.keys(below)) visit(below[key]!, [...segments, key]);
    } else leaves.push({ path: formatPath(segments), segments, value: below, ...sourceOf(segments, state) });
  };
  if (value !== undefined) visit(value, at);
  return {
    path: formatPath(at),
    version: configuration.snapshot.version,
    value,
    leaves,
    ...(near === undefined ? {} : { near }),
  };
}

function sourceOf(path: Segments, { configuration }: State): Pick<Leaf, "place" | "from"> {
  const { layers, overrides, raw } = configuration;
  const origin: Origin | undefined = valueAt(raw, path) === undefined ? undefined : originAt(path, layers, overrides);
  if (origin === undefined) return { place: "default", from: "default" };
  return origin === PUT ? { place: "put", from: "put" } : { place: placeOf(origin), from: "source" };
}
