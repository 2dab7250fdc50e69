import {
  EXIT,
  KILL,
  NORMAL,
  NOREPLY,
  OK,
  Pid,
  STOP,
  TRAP_EXIT,
  atom,
  erlang,
  gen_server,
  supervisor,
} from "@otpts/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventually, inProcess } from "../inventory/process.ts";
import { check } from "./seeded.ts";

type Restart = "permanent" | "transient" | "temporary";
type Tree =
  | { readonly worker: true; readonly trap: boolean; readonly restart: Restart }
  | {
      readonly worker: false;
      readonly strategy: string;
      readonly restart: Restart;
      readonly children: readonly Tree[];
    };

/** Which of the living processes ends, and how; and whether nothing else happens until all is calm again. */
interface Blow {
  readonly nth: number;
  readonly how: "kill" | "boom" | "normal" | "shutdown";
  readonly calm: boolean;
}

const restart = fc.constantFrom<Restart>("permanent", "permanent", "transient", "temporary");
const worker: fc.Arbitrary<Tree> = fc.record({ worker: fc.constant(true as const), trap: fc.boolean(), restart });
const branch = (child: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
  fc.record({
    worker: fc.constant(false as const),
    strategy: fc.constantFrom("one_for_one", "one_for_all", "rest_for_one"),
    restart,
    children: fc.array(child, { minLength: 1, maxLength: 4 }),
  });
const trees = branch(
  fc.oneof({ weight: 2, arbitrary: worker }, { weight: 1, arbitrary: branch(fc.oneof(worker, branch(worker))) }),
);
const blows = fc.array(
  fc.record({
    nth: fc.nat({ max: 50 }),
    how: fc.constantFrom<Blow["how"]>("kill", "kill", "boom", "normal", "shutdown"),
    calm: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12, size: "max" },
);

const BOOM = atom.ensure("boom");

/** Starts trees, and watches that no child is started while the one before it lives. */
class Forest {
  readonly doubles: string[] = [];
  readonly supervisors = new Set<Pid>();
  readonly #last = new Map<string, Pid>();

  spec(tree: Tree, path: string, id: number): supervisor.ChildSpec {
    const type = tree.worker ? ("worker" as const) : ("supervisor" as const);
    return supervisor.child_spec({ id, restart: tree.restart, type, task: () => this.start(tree, path) });
  }

  async start(tree: Tree, path: string): Promise<Pid> {
    const before = this.#last.get(path);
    if (before !== undefined && erlang.is_process_alive(before)) this.doubles.push(path);
    const pid = tree.worker
      ? await this.#worker(tree.trap)
      : await supervisor.start_link(
          tree.children.map((child, n) => this.spec(child, `${path}.${n}`, n)),
          { strategy: tree.strategy as never, max_restarts: 1000, max_seconds: 1 },
        );
    this.#last.set(path, pid);
    if (!tree.worker) this.supervisors.add(pid);
    return pid;
  }

  async #worker(trap: boolean): Promise<Pid> {
    const module = {
      init: () => {
        if (trap) erlang.process_flag(TRAP_EXIT, true);
        return [OK, 0] as const;
      },
      handle_cast: (how: string, state: number) => {
        if (how === "boom") erlang.exit(BOOM);
        return [STOP, atom.ensure(how), state] as const;
      },
      handle_info: (_message: unknown, state: number) => [NOREPLY, state] as const,
    };
    return (await gen_server.start_link(module as never, undefined as never)) as Pid;
  }
}

/** The processes that can be reached from a supervisor, itself included; undefined while anything moves. */
async function reachable(top: Pid): Promise<readonly Pid[] | undefined> {
  if (!erlang.is_process_alive(top)) return [];
  const found: Pid[] = [top];
  try {
    for (const [, child, type] of await supervisor.which_children(top)) {
      if (child === undefined) continue;
      if (!(child instanceof Pid)) return undefined;
      const below = type.name === "worker" ? [child] : await reachable(child);
      if (below === undefined || !erlang.is_process_alive(child)) return undefined;
      found.push(...below);
    }
    return found;
  } catch {
    return undefined;
  }
}

async function survive([tree, program]: readonly [Tree, readonly Blow[]]): Promise<void> {
  await inProcess(async () => {
    erlang.process_flag(TRAP_EXIT, true);
    const before = new Set(erlang.processes());
    const mine = (): readonly Pid[] => erlang.processes().filter((pid) => !before.has(pid));
    const names = (pids: readonly Pid[]): string => pids.map(String).toSorted().join(" ");
    const forest = new Forest();
    let exempt = false;
    const top = await forest.start(tree, "top");

    /** Waits until every living process can be reached: none is left without a supervisor. */
    const calm = () =>
      eventually(
        async () => {
          const found = await reachable(top);
          return found !== undefined && names(found) === names(mine())
            ? "calm"
            : `${names(found ?? [])} of ${names(mine())}`;
        },
        (state) => state === "calm",
      );
    await calm();
    for (const { nth, how, calm: waits } of program) {
      const living = mine();
      if (living.length === 0) break;
      const victim = living[nth % living.length]!;
      const supervises = forest.supervisors.has(victim);
      if (how === "kill") {
        // What a killed supervisor leaves behind ends by itself, and may still do so when its successor starts.
        exempt ||= supervises;
        erlang.exit(victim, KILL);
      } else if (supervises) void supervisor.stop(victim, atom.ensure(how)).catch(() => undefined);
      else if (how === "boom") erlang.exit(victim, BOOM);
      else gen_server.cast(victim as never, how as never);
      if (waits) await calm();
    }
    await calm();
    if (!exempt) expect(forest.doubles).toEqual([]);
    if (erlang.is_process_alive(top)) await supervisor.stop(top, NORMAL);
    await erlang.receive((m) => Array.isArray(m) && m[0] === EXIT && m[1] === top);
    expect(mine()).toEqual([]);
  })();
}

describe("supervision trees", () => {
  test("leave no process without a supervisor and start none twice, whatever ends in them", async () => {
    await check(fc.asyncProperty(fc.tuple(trees, blows), survive), 200);
  }, 120_000);
});
