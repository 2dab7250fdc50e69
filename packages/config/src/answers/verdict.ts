import type { Problem } from "../errors.ts";

/** What is wrong, or worth knowing, with the place that it comes from. */
export interface Finding {
  /** Dotted; absent where it concerns no single setting. */
  readonly path?: string;
  readonly message: string;
  /** For people: `file:config.toml:3:7`, `env:MYAPP_PORT`. */
  readonly place?: string;
  readonly source?: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;
  /** A word for programs: `invalid`, `syntax`, `no_effect`, `deprecated`. */
  readonly code: string;
}

/** Whether a configuration is good, and what is wrong with it. */
export interface Verdict {
  readonly valid: boolean;
  readonly version: number;
  /** Leaves of the effective configuration. */
  readonly keys: number;
  readonly sources: readonly { readonly name: string; readonly state: string; readonly keys: number }[];
  /** What keeps it from being valid. */
  readonly problems: readonly Finding[];
  /** What is no mistake, and probably not meant: misspelt keys, old names, ambiguous variables. */
  readonly notices: readonly Finding[];
}

/** A problem as a finding. */
export function findingOf({ path, message, origin, ...place }: Problem): Finding {
  const { source, file, line, column, variable } = place;
  return {
    ...(path === "" ? {} : { path }),
    message,
    ...(origin === undefined ? {} : { place: origin }),
    ...(source === undefined ? {} : { source }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(variable === undefined ? {} : { variable }),
    code: "invalid",
  };
}
