import type { Pid } from "@otpts/runtime";
import type { Contribution, Diagnostic } from "./core/layer.ts";
import type { Pattern } from "./core/pattern.ts";
import { emptyConfiguration, type Configuration } from "./core/proposal.ts";
import { scrubbed } from "./core/secrets.ts";
import { PatternIndex } from "./core/subscriptions.ts";
import type { Problem } from "./errors.ts";
import { Outbox } from "./outbox.ts";
import type { ChangeCallback } from "./protocol.ts";
import type { Together } from "./sources/together.ts";
import type { LoadOutcome } from "./messages.ts";
import type { Source } from "./sources/source.ts";
import type { ConfigSpec } from "./spec.ts";

/**
 * What outlives the processes of a manager, as an ETS table that somebody else owns would in Erlang: the configuration with
 * its overrides, the subscriptions, what is still to be told, what the sources last said. It hangs on the `ConfigSpec`.
 *
 * The manager that registered last writes to it; one that was killed and runs on in some promise does not (`manager`).
 */
export class Vault {
  readonly spec: ConfigSpec;
  readonly slots: readonly Slot[];
  configuration: Configuration;
  /** Whether the first load is done: from then on a manager starts from here instead of waiting for its sources. */
  loaded = false;
  readonly subscriptions = new Map<string, Subscription>();
  /** Those that end with a process. */
  readonly ending = new Map<Pid, Set<Subscription>>();
  readonly index = new PatternIndex<Subscription>();
  /** Counts the changes of `index`. */
  revision = 0;
  readonly receivers = new Map<string, Receiver>();
  /** Receivers by their delivery processes. */
  readonly delivering = new Map<Pid, Receiver>();
  /** The process that may write here. */
  manager: Pid | undefined;
  /** The supervisor above the others. */
  tree: Pid | undefined;
  /** The supervisor of the delivery processes. */
  deliveries: Pid | undefined;
  last_reload: number | undefined;
  /** What was found when the durable overrides were loaded. */
  diagnostics: readonly Diagnostic[] = [];
  refused:
    | { readonly at: number; readonly sources: readonly string[]; readonly problems: readonly Problem[] }
    | undefined;
  private nextKey = 1;
  private readonly keys = new WeakMap<object, number>();
  private secretTexts: { readonly of: object; readonly texts: readonly string[] } | undefined;

  constructor(spec: ConfigSpec) {
    this.spec = spec;
    this.slots = slotsOf(spec.sources);
    this.configuration = emptyConfiguration(this.slots.map((slot) => slot.name));
  }

  /** A key that tells objects apart: callbacks and pids have no text of their own. */
  keyOf(object: object): number {
    let key = this.keys.get(object);
    if (key === undefined) this.keys.set(object, (key = this.nextKey++));
    return key;
  }

  /** A message without the secrets of the current configuration. */
  scrub(message: string): string {
    const { raw, snapshot } = this.configuration;
    if (this.secretTexts?.of !== snapshot) {
      const { secrets } = this.spec;
      this.secretTexts = { of: snapshot, texts: [...secrets.textsIn(raw), ...secrets.textsIn(snapshot.tree)] };
    }
    return scrubbed(message, this.secretTexts.texts);
  }
}

/** The vault of a spec. */
export function vaultOf(spec: ConfigSpec): Vault {
  let vault = vaults.get(spec);
  if (vault === undefined) vaults.set(spec, (vault = new Vault(spec)));
  return vault;
}

const vaults = new WeakMap<ConfigSpec, Vault>();

/** A source and what is known of it. */
export interface Slot {
  readonly index: number;
  readonly name: string;
  readonly source: Source;
  /** Its process. */
  worker: Pid | undefined;
  /** The process that was asked last. */
  asked: Pid | undefined;
  /** What an earlier process of it is still closing or loading: the next one waits for that. */
  winding_down: Promise<void> | undefined;
  /** What its process last had, also if it has been replaced since by a SOURCE_UPDATE. */
  reported: Contribution | undefined;
  /** What it contributes if that is valid. */
  offered: Contribution | undefined;
  /** An offer that was refused: not tried again by itself. */
  refused: Contribution | undefined;
  state: "pending" | "loading" | "ok" | "absent" | "error";
  last_success: number | undefined;
  last_change: number | undefined;
  last_error: { readonly at: number; readonly error: Error } | undefined;
  failures: number;
  /** The links that its last good load read through, as far as the manager has heard. */
  links: Together["links"] | undefined;
  /** What it brought and may not be taken without a source that belongs to it. */
  held: LoadOutcome | undefined;
  /** That its load is late was noted already. */
  late: boolean;
  /** Loads in a row that did not end and were given up. */
  abandoned: number;
  failing_since: number | undefined;
}

/** A pattern, who is told, and who asked for it. */
export interface Subscription {
  readonly key: string;
  readonly pattern: Pattern;
  readonly target: Receiver | Pid | string;
  /** The process that it ends with; undefined for one made outside of any process. */
  readonly owner: Pid | undefined;
  /** Each ends it when it aborts; with what it calls then. */
  readonly signals: Map<AbortSignal, () => void>;
  /** Takes it out of the index, and its listener off the signal. */
  readonly remove: () => void;
}

/** A callback, and what it is still to be told. */
export class Receiver {
  readonly key: string;
  readonly callback: ChangeCallback;
  readonly owner: Pid | undefined;
  readonly outbox = new Outbox();
  /** Its delivery process. */
  process: Pid | undefined;
  /** The delivery process waits for a wake-up. */
  idle = false;
  /** Nothing is subscribed any more: the process ends after what it is doing. */
  closed = false;
  /** When the callback that runs was called. */
  running_since: number | undefined;
  /** Puts of its callback that wait for others: nobody waits for it in turn. */
  waiting = 0;
  /** Patterns that it is subscribed under. */
  readonly patterns = new Set<string>();

  constructor(key: string, callback: ChangeCallback, owner: Pid | undefined) {
    this.key = key;
    this.callback = callback;
    this.owner = owner;
  }
}

function slotsOf(sources: readonly Source[]): readonly Slot[] {
  const seen = new Map<string, number>();
  return sources.map((source, index) => {
    const count = (seen.get(source.name) ?? 0) + 1;
    seen.set(source.name, count);
    return {
      index,
      name: count === 1 ? source.name : `${source.name}#${count}`,
      source,
      worker: undefined,
      asked: undefined,
      winding_down: undefined,
      reported: undefined,
      offered: undefined,
      refused: undefined,
      state: "pending",
      last_success: undefined,
      last_change: undefined,
      last_error: undefined,
      failures: 0,
      links: undefined,
      held: undefined,
      late: false,
      abandoned: 0,
      failing_since: undefined,
    };
  });
}
