import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { erlang, KILL, Pid, supervisor } from "@otpts/runtime";
import { expect, onTestFinished, test } from "vitest";
import { Config, CONFIG_CHANGED, ConfigSpec, RuntimeSource } from "../../src/index.ts";
import { eachAlone, eventually, ScriptedSource, started } from "./kit.ts";

eachAlone();

/** Kills of each storm. */
const KILLS = 150;

/** Numbers from a seed, the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Parts = ReadonlyMap<string, readonly Pid[]>;

/** The processes of a manager's tree, by kind. */
async function partsOf(sup: Pid): Promise<Parts> {
  const pidsUnder = async (pid: Pid | undefined): Promise<Map<unknown, Pid>> => {
    if (pid === undefined || !erlang.is_process_alive(pid)) return new Map();
    const children = await supervisor.which_children(pid).catch(() => []);
    return new Map(children.flatMap(([id, child], i) => (child instanceof Pid ? [[id ?? i, child] as const] : [])));
  };
  const [top] = [...(await pidsUnder(sup)).values()];
  const below = await pidsUnder(top);
  const of = (id: string): readonly Pid[] => [below.get(id)].filter((pid) => pid !== undefined);
  const children = await supervisor
    .which_children(below.get("deliveries") ?? sup)
    .catch(() => [])
    .then((found) => found.flatMap(([, pid]) => (pid instanceof Pid && pid !== top ? [pid] : [])));
  return new Map<string, readonly Pid[]>([
    ["manager", of("manager")],
    ["workers", [...(await pidsUnder(below.get("sources"))).values()]],
    ["deliveries", children],
    ["tree", [top, ...of("sources"), ...of("deliveries")].filter((pid) => pid !== undefined)],
  ]);
}

/**
 * Puts, reloads and subscriptions while one kind of process is killed all the time. What was acknowledged is there. A process
 * that is subscribed gets each change once and in order. A callback is told again only what it had not finished when its own
 * process, or the whole tree, was killed.
 */
test.each([
  ["manager", 11],
  ["workers", 12],
  ["deliveries", 13],
  ["tree", 14],
  ["any", 15],
])(
  "a storm that kills %s loses no acknowledged put, keeps notifications in order, and leaves no process",
  async (victim, seed) => {
    const pick = random(seed);
    const directory = await mkdtemp(join(tmpdir(), "storm-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const file = join(directory, "overrides");
    const source = new ScriptedSource("base", { file: { n: 0 } });
    const open = () =>
      new ConfigSpec({
        sources: [source, new ScriptedSource("other", {}), new RuntimeSource({ file })],
        notify_timeout: 50,
        reload_interval: 0,
        log: false,
        validators: { "put.*": () => (pick(3) === 0 ? new Promise((resolve) => setImmediate(resolve)) : true) },
      });
    const { sup } = await started(open());

    const told: { readonly old: unknown; readonly value: unknown; readonly version: number }[] = [];
    await Config.subscribe("put.n", async (_path, old, value, { version }) => {
      told.push({ old, value, version });
      if (pick(3) === 0) await new Promise((resolve) => setImmediate(resolve));
    });
    const received: (readonly [old: unknown, value: unknown])[] = [];
    const listener = erlang.spawn(async () => {
      for (;;) {
        const message = (await erlang.receive()) as readonly unknown[];
        if (message[0] === CONFIG_CHANGED) received.push([message[2], message[3]]);
      }
    });
    await Config.subscribe("put.n", listener);

    let acknowledged = 0;
    let kills = 0;
    const kinds = victim === "any" ? ["manager", "workers", "deliveries", "tree"] : [victim];
    const killing = async (): Promise<void> => {
      const pids = (await partsOf(sup)).get(kinds[pick(kinds.length)]!) ?? [];
      const pid = pids[pick(Math.max(1, pids.length))];
      if (pid === undefined || !erlang.is_process_alive(pid)) return;
      kills++;
      erlang.exit(pid, KILL);
    };
    let extra: (() => void) | undefined;
    for (let n = 1; kills < KILLS; n++) {
      const put = Config.put("put.n", n).then(
        () => true,
        () => false,
      );
      if (pick(2) === 0) await new Promise((resolve) => setImmediate(resolve));
      await killing();
      if (await put) acknowledged = n;
      if (n % 5 === 0) {
        source.change({ file: { n } });
        void Config.reload().catch(() => undefined);
      }
      if (n % 7 === 0) {
        extra = (): void => undefined;
        await Config.subscribe("**", extra).catch(() => undefined);
      } else if (extra !== undefined) {
        await Config.unsubscribe("**", extra).catch(() => undefined);
      }
      const now = await eventualValue();
      expect(now).toBeGreaterThanOrEqual(acknowledged);
    }
    await eventually(async () => (await Config.put("put.n", -1).catch(() => false)) === true);
    await eventually(() => told.at(-1)?.value === -1 && received.at(-1)?.[1] === -1);

    // A process is notified once, in order: each old value is the previous value.
    received.forEach(([old], i) => expect([i, old]).toEqual([i, received[i - 1]?.[1]]));
    told.forEach(({ old, value, version }, i) => {
      const before = told[i - 1];
      const again = before !== undefined && before.value === value && before.version === version;
      if (again) expect(["deliveries", "tree", "any"]).toContain(victim);
      else expect([i, old]).toEqual([i, before?.value]);
      expect(version).toBeGreaterThanOrEqual(before?.version ?? 0);
    });
    expect(erlang.is_process_alive(sup)).toBe(true);
    erlang.exit(listener, KILL);
    await supervisor.stop(sup);
    await eventually(() => erlang.processes().length === 0);

    // And on disk.
    await started(open());
    expect(await Config.get("put.n")).toBe(-1);

    async function eventualValue(): Promise<number> {
      for (;;) {
        try {
          return (await Config.get("put.n", 0)) as number;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    }
  },
  120_000,
);
