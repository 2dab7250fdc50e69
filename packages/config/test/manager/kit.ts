import { erlang, KILL, logger, type Pid, supervisor } from "@otpts/runtime";
import { afterEach, beforeEach } from "vitest";
import type { Contribution } from "../../src/core/layer.ts";
import type { Segments, Table, Value } from "../../src/core/value.ts";
import { ConfigClient, type ConfigSpec, ConfigManager } from "../../src/index.ts";
import type { Loaded, Source, SourceContext, Watch } from "../../src/sources/source.ts";
import { eventually } from "../eventually.ts";

/** A source controlled by the test. */
export class ScriptedSource implements Source {
  readonly kind = "scripted";
  readonly name: string;
  required = true;
  on_missing: "keep" | "clear" = "keep";
  loads = 0;
  closed = 0;
  writes: [Segments, Value | undefined][] = [];
  write?: NonNullable<Source["write"]>;
  /** The result of the next load. */
  next: object | Contribution | "absent" | Error | (() => Promise<object>);
  private last: unknown;
  private changed: (() => void) | undefined;

  constructor(name: string, next: ScriptedSource["next"] = {}) {
    this.name = name;
    this.next = next;
  }

  async load(context: SourceContext): Promise<Loaded> {
    this.loads++;
    const now = this.next;
    const found = typeof now === "function" && now.length === 0 ? await (now as () => Promise<object>)() : now;
    if (found === "absent") return { outcome: "absent" };
    if (found instanceof Error) throw found;
    if (found === this.last && !context.first) return { outcome: "unchanged" };
    this.last = found;
    return {
      outcome: "data",
      contribution: typeof found === "function" ? (found as Contribution) : this.layer(found as Table),
    };
  }

  watch(changed: () => void): Promise<Watch> {
    this.changed = changed;
    return Promise.resolve({
      close: async () => {
        this.closed++;
        if (this.changed === changed) this.changed = undefined;
      },
    });
  }

  /** Sets the content and reports the change. */
  change(next: ScriptedSource["next"]): void {
    this.next = next;
    this.changed?.();
  }

  /** Lets the source be written to. */
  writable(): this {
    this.write = async (path, value) => {
      this.writes.push([path, value]);
      const tree = structuredClone(this.next) as Record<string, unknown>;
      let at = tree;
      for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
      if (value === undefined) delete at[path[path.length - 1]!];
      else at[path[path.length - 1]!] = value;
      this.next = tree;
    };
    return this;
  }

  private layer(tree: Table): Contribution {
    const source = this.name;
    return { source, tree, origin: () => ({ source }), diagnostics: [] };
  }
}

const running: Pid[] = [];

/** Starts a manager under a separate supervisor, as a program would. Both end with the test. */
export async function started<S extends ConfigSpec>(spec: S): Promise<{ sup: Pid; config: ConfigClient }> {
  const child = supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec] });
  const sup = await supervisor.start([child], supervisor.options({ max_restarts: 1000, max_seconds: 1 }));
  running.push(sup);
  return { sup, config: new ConfigClient(spec.name) };
}

/** Stops what `started` started. */
export async function stopped(): Promise<void> {
  for (const sup of running.splice(0)) if (erlang.is_process_alive(sup)) await supervisor.stop(sup);
}

/** Quiet reports, nothing left behind: for each test of a file. */
export function eachAlone(): void {
  beforeEach(() => {
    logger.set_handler(undefined);
  });
  afterEach(async ({ task }) => {
    await stopped();
    // A failed test may have left processes, which must not fail the next test too.
    if (task.result?.state === "fail") for (const pid of erlang.processes()) erlang.exit(pid, KILL);
    await eventually(() => erlang.processes().length === 0);
    logger.set_handler(logger.default_handler);
  });
}

export { eventually };

/** A promise that the test settles. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Runs code inside a process, and passes its result or failure on to the runner. */
export function inProcess<T>(body: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    erlang.spawn(() => body().then(resolve, reject));
  });
}

/** The pid of the manager's process. */
export function managerOf(name = "config_manager"): Pid {
  const pid = erlang.whereis(name);
  if (pid === undefined) throw new Error(`No process is registered as ${name}`);
  return pid;
}

/** The process of a child. */
export async function childOf(parent: Pid, id: string): Promise<Pid> {
  const children = await supervisor.which_children(parent);
  return children.find(([one]) => one === id)![1] as Pid;
}

/** The process of the first source of a manager, by the supervisor above the manager. */
export async function sourceWorkerOf(sup: Pid): Promise<Pid> {
  const sources = await childOf(await childOf(sup, "config_manager"), "sources");
  return (await supervisor.which_children(sources))[0]![1] as Pid;
}
