import type { Finding } from "../answers/verdict.ts";
import type { ChangedValue, HistoryEntry } from "../protocol.ts";
import { pause } from "../sources/remote/waiting.ts";
import { Progress } from "./progress.ts";
import type { Session } from "./session.ts";
import type { Address } from "./subject.ts";

/** Versions, one after the other. */
export interface Changing extends AsyncIterable<Step> {
  /** The current version at the beginning. */
  readonly version: number;
}

/** A version with its differences, the reason for missing ones, or the problems of a refusal. */
export type Step =
  | { readonly problems: readonly Finding[] }
  | { readonly entry: HistoryEntry; readonly changes: readonly ChangedValue[] }
  | { readonly lost: string };

/** Access to the versions. */
interface Versions {
  history(): Promise<readonly HistoryEntry[]>;
  difference(from: number, to: number): Promise<readonly ChangedValue[]>;
}

/** The versions after this one. @returns the last of them */
async function* after(version: number, versions: Versions): AsyncGenerator<Step, number> {
  const all = await versions.history();
  const [first, last] = [all[0]?.version ?? version, all.at(-1)?.version ?? version];
  let seen = version;
  if (last < seen) {
    yield { lost: "the program was restarted: its versions begin again" };
    return last;
  }
  if (first > seen) {
    yield { lost: `versions ${seen + 1} to ${first} followed too fast to be listed one by one` };
    seen = first;
  }
  for (const entry of all) {
    if (entry.version <= seen) continue;
    yield { entry, changes: await versions.difference(seen, entry.version) };
    seen = entry.version;
  }
  return seen;
}

/** Runs a manager of the specification, and yields its changes until the signal aborts. */
export async function run(session: Session, signal: AbortSignal): Promise<Changing> {
  const spec = await session.specification();
  const [{ supervisor }, { Config }, { ConfigManager }] = await Promise.all([
    import("@otpts/runtime"),
    import("../config.ts"),
    import("../manager/tree.ts"),
  ]);
  const progress = new Progress(session.err);
  progress.waiting(spec.layer_names);
  const tree = await ConfigManager.start(spec).finally(() => progress.end());
  const client = Config.for(spec);
  const bell = new Bell(signal);
  await client.subscribe(["**"], () => bell.ring());
  const { version } = client.snapshot();
  const versions: Versions = {
    history: () => client.history(),
    difference: (from, to) => client.diff(from, to),
  };
  return {
    version,
    async *[Symbol.asyncIterator]() {
      let seen = version;
      try {
        while (await bell.heard()) seen = yield* after(seen, versions);
      } finally {
        await supervisor.stop(tree);
      }
    },
  };
}

/** Follows a running program, also across restarts, until the signal aborts. */
export async function follow(session: Session, address: Address, signal: AbortSignal): Promise<Changing> {
  const { RemoteSubject } = await import("./remote.ts");
  const subject = new RemoteSubject(address, new Progress(session.err));
  const version = (await subject.history()).at(-1)?.version ?? 0;
  const bell = new Bell(signal);
  void listen(subject, bell, signal);
  return {
    version,
    async *[Symbol.asyncIterator]() {
      let seen = version;
      let known = "[]";
      // Problems from before are printed first.
      bell.ring();
      while (await bell.heard()) {
        try {
          seen = yield* after(seen, subject);
          const { problems } = await subject.verdict();
          const now = JSON.stringify(problems);
          if (now !== known && problems.length > 0) yield { problems };
          known = now;
        } catch (error) {
          if (!signal.aborted) yield { lost: (error as Error).message };
        }
      }
    },
  };
}

/** The wait before the next attempt to reach the program, in ms. */
const AGAIN = 1_000;

/** Rings with each event of the program. */
async function listen(
  subject: { stream(page: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> },
  bell: Bell,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const _ of await subject.stream("changes", signal)) bell.ring();
    } catch {
      // The program may come back.
    }
    await pause(AGAIN, signal);
  }
}

/** A signal that can be sent repeatedly, and is received once. */
class Bell {
  private rung = false;
  private waiting: (() => void) | undefined;
  private readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
    signal.addEventListener("abort", () => this.waiting?.(), { once: true });
  }

  ring(): void {
    this.rung = true;
    this.waiting?.();
  }

  /** Resolves with true after a ring, with false after the abort. */
  async heard(): Promise<boolean> {
    while (!this.rung && !this.signal.aborted) {
      await new Promise<void>((resolve) => (this.waiting = resolve));
    }
    this.rung = false;
    return !this.signal.aborted;
  }
}
