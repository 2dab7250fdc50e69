import { erlang } from "@otpts/runtime";
import { newBudget } from "../../budget.ts";
import { formatPath } from "../../core/path.ts";
import { matches, parsePattern } from "../../core/pattern.ts";
import { isTable } from "../../core/draft.ts";
import { keysOf } from "../../core/table.ts";
import type { Segments, Table } from "../../core/value.ts";
import type { State } from "../../manager/state.ts";
import { ticks } from "../../manager/ticks.ts";
import type { Context } from "../context.ts";
import { cleanStatus } from "../health.ts";
import type { Visitor } from "../options.ts";
import { keyOf } from "../text.ts";

const MOST = 200;

/** The sources, the subscribers, and the paths that a pattern matches. */
export async function sources(
  { managers, options }: Context,
  query: URLSearchParams,
  visitor: Visitor,
): Promise<object> {
  const manager = managers.named(query.get("manager"));
  const { state } = manager;
  const base = {
    managers: managers.all.map((one) => one.name),
    manager: manager.name,
    pid: keyOf(manager.pid),
    can_write: !options.read_only && visitor.write !== false,
  };
  if (state === undefined) return { ...base, missing: true, sources: [], subscriptions: [] };
  const status = await cleanStatus(manager, state);
  const pattern = query.get("pattern");
  const now = ticks();
  return {
    ...base,
    version: status.version,
    reload: status.reload,
    refused: status.refused,
    diagnostics: status.diagnostics.slice(0, MOST),
    shape_conflicts: status.shape_conflicts.slice(0, MOST),
    sources: status.sources.map((source) => ({
      ...source,
      // Rounded to a second, because it would change at each reading.
      ...(source.stale_for === undefined ? {} : { stale_for: Math.floor(source.stale_for / 1_000) * 1_000 }),
      pid: keyOf(state.sources.find(({ name }) => name === source.name)?.worker),
    })),
    ...subscriptionsOf(state, now),
    ...(pattern === null || pattern === "" ? {} : { tried: await tried(state, pattern) }),
  };
}

function subscriptionsOf(state: State, now: number): object {
  const all = Array.from(state.subscriptions.values(), ({ pattern, target, owner }) => {
    if ("name" in target)
      return {
        pattern: pattern.source,
        to: `the process "${target.name}"`,
        pid: keyOf(erlang.whereis(target.name)),
        state: erlang.whereis(target.name) === undefined ? "nobody" : "ok",
        backlog: 0,
      };
    if ("pid" in target)
      return { pattern: pattern.source, to: "a process", pid: keyOf(target.pid), state: "ok", backlog: 0 };
    const delivery = state.deliveries.get(target.delivery);
    const since = delivery?.current?.running_since;
    return {
      pattern: pattern.source,
      to: `the callback ${delivery?.callback.name || "without a name"}`,
      pid: keyOf(delivery?.process),
      owner: keyOf(owner),
      state: delivery?.current === undefined ? "ok" : delivery.current.hangs ? "slow" : "running",
      running_for: since === undefined ? undefined : Math.floor((now - since) / 1_000) * 1_000,
      backlog: (delivery?.queue.length ?? 0) + (delivery?.current === undefined ? 0 : 1),
    };
  });
  return { subscriptions_count: all.length, subscriptions: all.slice(0, MOST) };
}

/** Looks at all of a large configuration in slices. */
async function tried(state: State, text: string): Promise<object> {
  try {
    const pattern = parsePattern(text, "try pattern");
    const found: string[] = [];
    let count = 0;
    const budget = newBudget();
    let looked = 0;
    const visit = async (table: Table, above: Segments): Promise<void> => {
      for (const key of keysOf(table)) {
        if ((++looked & 63) === 0 && budget.spent()) await budget.turn();
        const path = [...above, key];
        if (matches(pattern, path)) {
          count++;
          if (found.length < MOST) found.push(formatPath(path));
        }
        const value = table[key]!;
        if (isTable(value)) await visit(value, path);
      }
    };
    await visit(state.configuration.snapshot.tree, []);
    return { pattern: text, count, paths: found };
  } catch (error) {
    return { pattern: text, error: (error as Error).message };
  }
}
