import { erlang, KILL, type Pid, supervisor } from "@otpts/runtime";
import { expect, test } from "vitest";
import type { Table, Value } from "../../src/core/value.ts";
import { Config, CONFIG_CHANGED, ConfigSpec } from "../../src/index.ts";
import { eachAlone, eventually, ScriptedSource, started } from "./kit.ts";

eachAlone();

/** Small numbers from a seed, the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Every process of the manager's tree, the supervisors too; the user's own supervisor is not among them. */
async function victims(sup: Pid): Promise<Pid[]> {
  const found: Pid[] = [];
  const walk = async (pid: Pid): Promise<void> => {
    for (const [, child, type] of await supervisor.which_children(pid)) {
      if (child === undefined || !("host" in (child as object) || typeof child === "object")) continue;
      if (!erlang.is_process_alive(child as Pid)) continue;
      found.push(child as Pid);
      if (type.name === "supervisor") await walk(child as Pid);
    }
  };
  const [top] = await supervisor.which_children(sup);
  const pid = top?.[1] as Pid | undefined;
  if (pid === undefined || typeof pid !== "object" || !erlang.is_process_alive(pid)) return [];
  found.push(pid);
  await walk(pid);
  return found;
}

/**
 * Puts, unsets, reloads and kills of every kind of process, at random. Three settings of a source, and three of a put, are
 * always written together with one number: who sees two numbers at once has seen a mixture.
 */
test.each([1, 2, 3, 4, 5, 6])(
  "no acknowledged put, last state or consistent view is lost to kills with seed %i",
  async (seed) => {
    const pick = random(seed);
    const triple = (n: number): Table => ({ x: n, y: { z: n }, list: [n, n] });
    const source = new ScriptedSource("base", { file: triple(0) });
    const other = new ScriptedSource("other", { other: { n: 0 } });
    const { sup } = await started(
      new ConfigSpec({
        sources: [source, other],
        notify_timeout: 20,
        validators: { "put.*": () => (pick(2) === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined) },
      }),
    );

    const consistent = (value: unknown): void => {
      if (value === undefined) return;
      const { x, y, list } = value as { x: number; y: { z: number }; list: number[] };
      expect([y.z, ...list]).toEqual([x, x, x]);
    };
    // Readers that ask all the time, by message and without.
    let reading = true;
    const readers = [1, 2].map(async () => {
      while (reading) {
        consistent(Config.peek("file"));
        consistent(Config.peek("put"));
        consistent(await Config.get("put").catch(() => undefined));
        const { tree } = Config.snapshot();
        consistent(tree.file);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });

    // Subscribers, as callback and as process: each keeps its last notification.
    const told = { callback: new Map<string, Value | undefined>(), process: new Map<string, Value | undefined>() };
    const versions: number[] = [];
    const misfits: unknown[] = [];
    await Config.subscribe("*", async (path, _old, value, { version }) => {
      // Before it waits: the code of a killed process runs on, beside that of the one that takes its place.
      versions.push(version);
      told.callback.set(path, value);
      if (pick(3) === 0) await new Promise((resolve) => setImmediate(resolve));
    });
    const listener = erlang.spawn(async () => {
      for (;;) {
        const message = (await erlang.receive()) as readonly unknown[];
        if (message[0] !== CONFIG_CHANGED) misfits.push(message);
        told.process.set(message[1] as string, message[3] as Value | undefined);
      }
    });
    await Config.subscribe("*", listener);

    let acknowledged = 0;
    let attempted = 0;
    let kills = 0;
    for (let step = 0; step < 120; step++) {
      const action = pick(10);
      if (action < 5) {
        attempted++;
        const value = triple(attempted);
        const put = Config.put("put", value).then(
          () => true,
          () => false,
        );
        if (pick(3) === 0) await killOne();
        if (await put) acknowledged = attempted;
        // What was acknowledged is there, or something put later is.
        const now = (await eventualGet("put")) as { x: number } | undefined;
        expect(now?.x ?? 0).toBeGreaterThanOrEqual(acknowledged);
      } else if (action < 7) {
        source.change({ file: triple(step + 1) });
        if (pick(2) === 0) await killOne();
        await Config.reload().catch(() => undefined);
      } else {
        await killOne();
      }
    }

    async function killOne(): Promise<void> {
      const pids = await victims(sup).catch(() => []);
      const victim = pids[pick(Math.max(1, pids.length))];
      if (victim === undefined) return;
      kills++;
      erlang.exit(victim, KILL);
      if (pick(2) === 0) await new Promise((resolve) => setImmediate(resolve));
    }

    // The storm is over: all must come to agree.
    await eventually(async () => (await Config.put("end", seed).catch(() => false)) === true);
    await eventually(async () => {
      await Config.reload().catch(() => undefined);
      return Config.peek("file.x" as string) === (source.next as { file: { x: number } }).file.x;
    });
    const { tree } = Config.snapshot();
    for (const [who, last] of Object.entries(told)) {
      await eventually(() => last.get("end") === seed && Object.is(last.get("put"), Config.peek("put")));
      await eventually(() => (tree.file as { x: number }).x === 0 || last.get("file") === Config.peek("file"));
      expect([who, last.get("put")]).toEqual([who, tree.put]);
    }
    // A notification repeated after a kill keeps its version; otherwise versions rise.
    for (let i = 1; i < versions.length; i++) expect(versions[i]).toBeGreaterThanOrEqual(versions[i - 1]!);
    expect(misfits).toEqual([]);
    expect(kills).toBeGreaterThan(30);
    expect(erlang.is_process_alive(sup)).toBe(true);
    reading = false;
    await Promise.all(readers);
    erlang.exit(listener, KILL);

    async function eventualGet(path: string): Promise<unknown> {
      for (;;) {
        try {
          return await Config.get(path);
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    }
  },
);
