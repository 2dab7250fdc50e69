import { erlang, Pid, supervisor, sys } from "@otpts/runtime";
import { observer } from "@otpts/runtime/observer";
import { type Context, listIn, numberIn } from "../context.ts";
import type { Visitor } from "../options.ts";
import { blockOf, cut, keyOf, tagOf, textOf } from "../text.ts";

/** How many children of a supervisor are shown at a time; trees with more processes are collapsed. */
const PAGE = 100;
const MOST_OPEN = 300;
const MOST_ROWS = 1_000;
const CRITERIA: readonly observer.Criterion[] = ["queue", "rate", "restarts", "messages", "reductions"];

/** A process in a row. */
export interface Row {
  /** Its pid, or its place if it has none. */
  readonly key: string;
  readonly pid: string | undefined;
  readonly depth: number;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly module?: string | undefined;
  readonly type: "supervisor" | "worker" | "process" | "more" | "group";
  readonly status?: string;
  readonly strategy?: string | undefined;
  readonly restart?: string | undefined;
  readonly since?: string | undefined;
  readonly queue?: number;
  readonly handled?: number;
  readonly rate?: number;
  readonly reductions?: number;
  readonly restarts?: number;
  readonly last_restart?: { readonly at: string; readonly reason: string } | undefined;
  readonly children?: number | undefined;
  readonly open?: boolean;
  /** For a `more` row: how many are left, and of which supervisor. */
  readonly left?: number;
  readonly of?: string | undefined;
}

/** The tree, the flat table, and one process in detail. */
export async function processes(context: Context, query: URLSearchParams, visitor: Visitor): Promise<object> {
  const { managers } = context;
  const sort = CRITERIA.find((one) => one === query.get("sort"));
  const search = (query.get("q") ?? "").trim();
  const flat = query.get("view") === "table" || search !== "";
  const rows = flat ? table(sort, search, numberIn(query, "n", PAGE, MOST_ROWS)) : forest(query);
  const pid = query.get("pid");
  return {
    view: flat ? "table" : "tree",
    total: observer.overview().processes,
    ...rows,
    rows: rows.rows.map((row) =>
      row.last_restart === undefined
        ? row
        : { ...row, last_restart: { ...row.last_restart, reason: managers.scrub(row.last_restart.reason) } },
    ),
    ...(pid === null ? {} : { panel: await panel(context, pid, query.get("state") === "1", visitor) }),
  };
}

function forest(query: URLSearchParams): { rows: Row[]; matching?: number } {
  const closed = new Set(listIn(query, "closed"));
  const opened = new Set(listIn(query, "open"));
  const shown = new Map(
    listIn(query, "more")
      .map((one) => one.split(":") as [string, string])
      .map(([key, count]) => [key, Math.min(MOST_ROWS, Number(count) || PAGE)]),
  );
  const rows: Row[] = [];
  const budget = { left: MOST_OPEN };
  const visit = (node: observer.TreeNode, depth: number, place: string) => {
    const key = keyOf(node.pid) ?? place;
    const count = node.children_count ?? 0;
    const small = count <= PAGE && budget.left >= count;
    const open = count > 0 && !closed.has(key) && (opened.has(key) || small);
    rows.push({
      ...rowOf(node, depth, key),
      id: textOf(node.id ?? "", 80),
      type: node.type,
      strategy: node.strategy,
      restart: node.restart,
      children: node.children_count,
      open,
    });
    if (!open || node.pid === undefined || rows.length >= MOST_ROWS) return;
    const most = shown.get(key) ?? PAGE;
    const { children = [] } = observerTree(node.pid, most) ?? {};
    budget.left -= children.length;
    children.forEach((child, index) => visit(child, depth + 1, `${key}/${index}`));
    if (count > children.length)
      rows.push({
        key: `${key}/more`,
        pid: undefined,
        depth: depth + 1,
        type: "more",
        left: count - children.length,
        of: key,
      });
  };
  for (const tree of observer.trees({ depth: 0 })) visit(tree, 0, "");
  const alone = observer.unsupervised();
  if (alone.length > 0) {
    const key = "unsupervised";
    const open = !closed.has(key) && (alone.length <= 20 || opened.has(key));
    rows.push({
      key,
      pid: undefined,
      depth: 0,
      type: "group",
      name: "Outside all trees",
      children: alone.length,
      open,
    });
    if (open) {
      const most = shown.get(key) ?? PAGE;
      for (const node of alone.slice(0, most)) rows.push({ ...rowOf(node, 1, keyOf(node.pid) ?? ""), type: "process" });
      if (alone.length > most)
        rows.push({ key: `${key}/more`, pid: undefined, depth: 1, type: "more", left: alone.length - most, of: key });
    }
  }
  return { rows };
}

function observerTree(pid: Pid, most: number): observer.TreeNode | undefined {
  return supervisor.tree(pid, { depth: 1, max_children: most });
}

function table(sort: observer.Criterion | undefined, search: string, count: number): { rows: Row[]; matching: number } {
  const { matching, processes: found } = observer.find({ search, by: sort, count });
  const rows = found.map((node): Row => {
    const id = textOf(node.child_id ?? "", 80);
    return { ...rowOf(node, 0, keyOf(node.pid) ?? ""), id, type: "process" };
  });
  return { matching, rows };
}

function rowOf(node: Omit<observer.SupervisedNode, "supervisor">, depth: number, key: string): Omit<Row, "type"> {
  return {
    key,
    depth,
    pid: keyOf(node.pid),
    name: node.name,
    module: node.module,
    status: node.status,
    since: node.since,
    queue: node.message_queue_len,
    handled: node.messages_handled,
    rate: node.message_rate,
    reductions: node.reductions,
    restarts: node.restarts,
    last_restart: node.last_restart,
  };
}

/** The process in an address. */
export function pidOf(key: string): Pid | undefined {
  return erlang.processes().find((pid) => keyOf(pid) === key);
}

async function panel(
  { managers, hub, options }: Context,
  key: string,
  wanted: boolean,
  visitor: Visitor,
): Promise<object> {
  const pid = pidOf(key);
  const details = pid === undefined ? undefined : observer.details(pid);
  if (pid === undefined || details === undefined) return { pid: key, dead: true, crash: hub.events.crashOf([key]) };
  const { info } = details;
  const link = (item: unknown) => (item instanceof Pid ? linkOf(item) : { name: textOf(item, 80) });
  return {
    ...rowOf(details, 0, key),
    last_restart:
      details.last_restart === undefined
        ? undefined
        : { ...details.last_restart, reason: managers.scrub(details.last_restart.reason) },
    id: details.child_id === undefined ? undefined : textOf(details.child_id, 80),
    supervisor: details.supervisor === undefined ? undefined : linkOf(details.supervisor),
    trap_exit: info.trap_exit,
    memory: info.message_queue_memory,
    callback: info.current_callback?.callback,
    callback_for: info.current_callback === undefined ? undefined : seconds(info.current_callback.running_for),
    links: info.links.slice(0, PAGE).map(link),
    monitors: info.monitors.slice(0, PAGE).map(link),
    monitored_by: info.monitored_by.slice(0, PAGE).map(link),
    ancestors: info.ancestors.map((one) => (one instanceof Pid ? linkOf(one) : named(one.name))),
    waits_for: info.waits_for.slice(0, PAGE).map((wait) => waitOf(wait, wait.server, options.show_state)),
    waited_for_by: info.waited_for_by.slice(0, PAGE).map((wait) => waitOf(wait, wait.caller, options.show_state)),
    crash: hub.events.crashOf([key, details.name]),
    can_show_state: options.show_state,
    ...(options.show_state && wanted ? { state: await stateOf(pid, managers) } : {}),
    can_write: !options.read_only && visitor.write !== false,
  };

  function waitOf(wait: observer.Wait, other: Pid | undefined, full: boolean): object {
    return {
      who: other === undefined ? { name: "code outside processes" } : linkOf(other),
      request: managers.scrub(full ? textOf(wait.request, 200) : tagOf(wait.request)),
      waiting_for: seconds(wait.waiting_for),
    };
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

function linkOf(pid: Pid): { pid: string | undefined; name: string } {
  const found = observer.details(pid);
  return {
    pid: keyOf(pid),
    name: found?.name ?? (found === undefined ? String(pid) : `${found.module} ${String(pid)}`),
  };
}

function named(name: string): { pid?: string | undefined; name: string } {
  return { pid: keyOf(erlang.whereis(name)), name };
}

async function stateOf(pid: Pid, managers: Context["managers"]): Promise<string> {
  try {
    const [, , , { state }] = await sys.get_status(pid, 1_000);
    return managers.scrub(cut(blockOf(state), 50_000));
  } catch (error) {
    return `The state cannot be shown: ${managers.scrub(textOf((error as Error).message, 300))}`;
  }
}
