import { explain, type Explanation } from "../core/explain.ts";
import { parsePath } from "../core/path.ts";
import type { State } from "../manager/state.ts";

/** Why a path has the value it has, secrets redacted. @throws TypeError when it is no path */
export function explanationAt({ configuration, spec }: State, path: string): Explanation {
  const { snapshot, raw, layers, overrides } = configuration;
  const { secrets, shape, aliases, deprecations } = spec;
  const at = path === "" ? [] : parsePath(path, "explain");
  return explain(at, { snapshot, raw, layers, overrides, secrets, shape, aliases, deprecations });
}
