import { emptyConfiguration } from "../core/configuration.ts";
import type { ConfigSpec } from "../spec.ts";
import { PersistentMap } from "./persistent_map.ts";
import type { SourceState, State } from "./state.ts";
import { emptyTally } from "./tally.ts";

/** The state of a manager that has never run. */
export function initialState(spec: ConfigSpec): State {
  const sources = spec.layers.map((source, index): SourceState => ({
    index,
    name: spec.layer_names[index]!,
    source,
    kind: source.kind,
    required: source.required,
    on_missing: source.on_missing,
    writable: source.write !== undefined,
    worker: undefined,
    last_loaded: undefined,
    candidate: undefined,
    refused: undefined,
    links: undefined,
    generations: new Map(),
    renamed_at: undefined,
    held: undefined,
    state: "pending",
    last_checked: undefined,
    last_success: undefined,
    fresh_at: undefined,
    last_change: undefined,
    last_error: undefined,
    failures: 0,
    failing_since: undefined,
    late: false,
    write_error: undefined,
    watch_error: undefined,
  }));
  const { overrides_file } = spec;
  return {
    spec,
    phase: "starting",
    failure: undefined,
    configuration: emptyConfiguration(
      sources.map(({ name }) => name),
      spec.secrets,
      spec.aliases,
    ),
    history: [],
    refusals: [],
    sources,
    overrides_file:
      overrides_file === undefined
        ? undefined
        : {
            name: overrides_file.name,
            diagnostics: [],
            writing: false,
            last_success: undefined,
            fresh_at: undefined,
            last_error: undefined,
            failures: 0,
            failing_since: undefined,
          },
    reload: undefined,
    groups: [],
    next_reload: undefined,
    last_reload: undefined,
    refused: undefined,
    change: undefined,
    queue: [],
    subscriptions: PersistentMap.empty(),
    ending: PersistentMap.empty(),
    deliveries: PersistentMap.empty(),
    serving: PersistentMap.empty(),
    waits: [],
    tally: emptyTally,
    last_id: 0,
  };
}
