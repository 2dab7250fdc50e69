/** The table of rows: the measurements, their sizes and their targets. */

export type Unit = "ns" | "bytes" | "ms" | "/s" | "×";

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** The metric of the probe's answer that this row shows. */
  readonly metric: string;
  /** Target: the maximum ratio to the BEAM's figure. */
  readonly target?: number;
  /** Target: the maximum, in the row's unit. */
  readonly limit?: number;
  /** Printed once below the table. */
  readonly note?: string;
}

export interface ProbeSpec {
  readonly section: "runtime" | "config";
  /** The group's heading in the table. */
  readonly group: string;
  readonly probe: string;
  readonly size: Readonly<Record<string, number>>;
  /** The smaller size with `--quick`. */
  readonly quick: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

/** A row derived from two others: for each contender, the ratio of their figures. */
export interface Derived extends Omit<Row, "metric"> {
  readonly section: "runtime" | "config";
  readonly group: string;
  readonly of: string;
  readonly over: string;
}

const ns = (id: string, title: string, wanted: Partial<Row> = {}, metric = "ns"): Row => ({
  id,
  title,
  unit: "ns",
  metric,
  ...wanted,
});

const runtime = (
  group: string,
  probe: string,
  size: Record<string, number>,
  quick: Record<string, number>,
  rows: Row[],
): ProbeSpec => ({
  section: "runtime",
  group,
  probe,
  size,
  quick,
  rows,
});

const config = (
  group: string,
  probe: string,
  size: Record<string, number>,
  quick: Record<string, number>,
  rows: Row[],
): ProbeSpec => ({
  section: "config",
  group,
  probe,
  size,
  quick,
  rows,
});

const ms = (id: string, title: string, metric: string, wanted: Partial<Row> = {}): Row => ({
  id,
  title,
  unit: "ms",
  metric,
  ...wanted,
});

const IMPORT = "processor time of programs that import the package and end, less that of programs that only end";

const among = [10, 1_000, 100_000] as const;

export const probes: readonly ProbeSpec[] = [
  runtime("Calls", "call", { n: 60_000 }, { n: 30_000 }, [
    ns("call", "call, one at a time", { target: 0.25, note: "JavaScript contenders: from outside any process" }),
  ]),
  runtime("Calls", "call_inside", { n: 60_000 }, { n: 30_000 }, [
    ns("call_inside", "call from inside a process", { target: 0.35 }),
  ]),
  runtime("Calls", "call_async", { n: 60_000 }, { n: 30_000 }, [
    ns("call_async", "call, asynchronous handler", {
      note: "the handler awaits once and asks self() after that; the BEAM's has nothing to await",
    }),
  ]),
  runtime("Calls", "call_statem", { n: 60_000 }, { n: 30_000 }, [
    ns("call_statem", "call to a state machine", { note: "BEAM: gen_statem:call, mode state_functions, like ours" }),
    {
      id: "statem_ratio",
      title: "call: a state machine over a server",
      unit: "×",
      metric: "ratio",
      limit: 1.3,
      note: "processor time of batches of both in turn, the median of their ratios",
    },
  ]),
  runtime("Calls", "call_many", { n: 60_000, flight: 1000 }, { n: 50_000 }, [
    ns("call_many", "call, 1,000 in flight", {
      target: 0.25,
      note: "1,000 callers that each await one call after the other; BEAM: send_request × 1,000, then receive_response, its faster form",
    }),
  ]),

  runtime("Calls", "strangers", { n: 1_000_000 }, { n: 300_000 }, [
    {
      id: "strangers",
      title: "await outside processes: once processes run, over before",
      unit: "×",
      metric: "times",
      note: "the least processor time of thirty batches, in a thread where a process has run and in one without, in turn; target: ≤ 1.10× on Node 24 and later",
    },
  ]),

  runtime("Messages", "cast", { n: 500_000 }, { n: 200_000 }, [
    ns("cast", "cast", { target: 0.35, note: "batches of 1,000, each closed by a call" }),
  ]),
  runtime("Messages", "ring", { n: 200_000, among: 1000 }, { n: 100_000 }, [
    ns("ring", "cast around a ring of 1,000 servers", {
      target: 0.35,
      note: "one token, gen_server to gen_server by cast",
    }),
  ]),

  runtime("Life", "lifecycle", { n: 10_000 }, {}, [
    { id: "spawn_10k", title: "spawn 10,000 gen_servers, each", unit: "ns", metric: "spawn", target: 0.15 },
    { id: "stop_10k", title: "stop 10,000, each", unit: "ns", metric: "stop", target: 0.25 },
  ]),
  runtime("Life", "lifecycle", { n: 60_000 }, { n: 30_000 }, [
    { id: "spawn_100k", title: "spawn 100,000 gen_servers, each", unit: "ns", metric: "spawn", target: 0.15 },
    { id: "stop_100k", title: "stop 100,000, each", unit: "ns", metric: "stop", target: 0.25 },
  ]),
  runtime("Life", "lifecycle_together", { n: 10_000 }, {}, [
    {
      id: "spawn_together",
      title: "spawn 10,000 at once, each",
      unit: "ns",
      metric: "spawn",
      note: "started without awaiting one before the next; the BEAM's start always waits",
    },
    { id: "stop_together", title: "stop 10,000 at once, each", unit: "ns", metric: "stop" },
  ]),
  runtime("Life", "memory", { n: 10_000 }, {}, [
    {
      id: "bytes",
      title: "bytes per idle process",
      unit: "bytes",
      metric: "bytes",
      target: 0.15,
      note: "after a full collection on both sides; BEAM: process_info(memory)",
    },
  ]),
  runtime("Life", "crash", { n: 4_000, restarts: 200 }, { n: 1_000 }, [
    ns("crash", "crash to restarted init", { target: 1.0, note: "a handler throws an error; reports are silenced" }),
  ]),

  ...(
    [
      ["load_send", "plain sends"],
      ["load_call", "awaited calls"],
      ["load_burn", "calls that compute for 5 µs"],
    ] as const
  ).map(([probe, title]) =>
    runtime("Under load", probe, { ms: 700 }, { ms: 300 }, [
      { id: `${probe}_late`, title: `${title}: 10 ms timer, p99 late`, unit: "ms", metric: "late", limit: 5 },
      { id: `${probe}_echo`, title: `${title}: TCP echo, p99`, unit: "ms", metric: "echo" },
      { id: `${probe}_rate`, title: `${title}: messages`, unit: "/s", metric: "rate" },
    ]),
  ),

  ...among.map((count) =>
    runtime("Scale", "call_among", { n: 60_000, among: count }, { n: 30_000, among: Math.min(count, 30_000) }, [
      ns(`call_among_${count}`, `call, among ${count.toLocaleString("en")} processes`),
    ]),
  ),
  ...among.map((count) =>
    runtime("Scale", "cast_among", { n: 200_000, among: count }, { n: 100_000, among: Math.min(count, 30_000) }, [
      ns(`cast_among_${count}`, `cast, among ${count.toLocaleString("en")} processes`),
    ]),
  ),
  ...[10_000, 1_000_000].map((n) =>
    runtime("Scale", "mailbox", { n }, { n: Math.min(n, 200_000) }, [
      ns(`mailbox_${n}`, `mailbox of ${n.toLocaleString("en")} filled and drained, per message`),
    ]),
  ),
  runtime("Scale", "selective", { queue: 500_000 }, { queue: 100_000 }, [
    ns("selective", "selective receive, 500,000 waiting, per message passed over"),
  ]),
  runtime("Scale", "call_waiting", { n: 20_000, queue: 500_000 }, { n: 5_000, queue: 100_000 }, [
    ns("call_waiting", "call, 500,000 messages waiting in the caller", {
      note: "BEAM: message_queue_data off_heap; else each collection walks the mailbox",
    }),
  ]),
  ...[1_000, 10_000].map((n) =>
    runtime("Scale", "children", { n, restarts: 50 }, { n: Math.min(n, 5_000), restarts: 20 }, [
      {
        id: `children_start_${n}`,
        title: `supervisor of ${n.toLocaleString("en")}: start, per child`,
        unit: "ns",
        metric: "start",
      },
      {
        id: `children_restart_${n}`,
        title: `supervisor of ${n.toLocaleString("en")}: restart one`,
        unit: "ns",
        metric: "restart",
      },
      {
        id: `children_stop_${n}`,
        title: `supervisor of ${n.toLocaleString("en")}: stop, per child`,
        unit: "ns",
        metric: "stop",
      },
    ]),
  ),

  runtime("Start", "import", { n: 5 }, { n: 2 }, [
    ms("import_runtime", "import, beyond an empty program", "ms", { limit: 20, note: IMPORT }),
  ]),
  config("Start", "import", { n: 5 }, { n: 2 }, [
    ms("import_config", "import, beyond an empty program", "ms", { limit: 50, note: IMPORT }),
  ]),

  config("Reads", "read", { n: 1_000_000, keys: 10_000, among: 1 }, { n: 200_000 }, [
    ns("peek", "peek(path), 10,000 keys, one path", { limit: 10, note: "peers: their get" }),
    { id: "peek_bytes", title: "  allocated by it", unit: "bytes", metric: "bytes", limit: 0 },
  ]),
  config("Reads", "read", { n: 1_000_000, keys: 10_000, among: 64 }, { n: 200_000 }, [
    ns("peek_64", "peek(path), 10,000 keys, 64 paths in turn"),
  ]),
  config("Reads", "ref", { n: 1_000_000, keys: 10_000 }, { n: 200_000 }, [
    ns("ref", "ref(path).value, 10,000 keys, 64 in turn", { limit: 4, note: "c12: a property of its plain object" }),
    { id: "ref_bytes", title: "  allocated by it", unit: "bytes", metric: "bytes", limit: 0 },
  ]),
  config("Reads", "get", { n: 30_000, keys: 10_000 }, { n: 5_000 }, [
    ns("get", "Config.get(path), 10,000 keys", { note: "a call to the manager's process" }, "get"),
    ns("get_bare", "bare gen_server.call beside it", {}, "call"),
    { id: "get_ratio", title: "Config.get over the bare call", unit: "×", metric: "ratio", limit: 1.4 },
  ]),
  ...[100, 1_000_000].flatMap((keys) => [
    config("Reads", "get", { n: 30_000, keys }, { n: 5_000, keys: Math.min(keys, 100_000) }, [
      ns(`get_${keys}`, `Config.get(path), ${keys.toLocaleString("en")} keys`, {}, "get"),
    ]),
    config("Reads", "read", { n: 1_000_000, keys, among: 64 }, { n: 200_000, keys: Math.min(keys, 100_000) }, [
      ns(`peek_${keys}`, `peek(path), ${keys.toLocaleString("en")} keys, 64 paths in turn`),
    ]),
  ]),

  config("Changes", "reload_one", { keys: 10_000 }, {}, [
    ms("reload_10k_one", "reload of 10,000 leaves, one changed", "ms", {
      limit: 2,
      note: "a source that reads and parses a JSON file, without watching it",
    }),
  ]),
  config("Changes", "reload", { keys: 10_000 }, {}, [
    ms("reload_10k", "reload of 10,000 leaves, all changed", "ms", { limit: 3 }),
    ms("reload_10k_block", "  longest block of the event loop", "block"),
  ]),
  config("Changes", "reload_one", { keys: 100_000 }, { keys: 30_000 }, [
    ms("reload_100k_one", "reload of 100,000 leaves, one changed", "ms", { limit: 20 }),
    ms("reload_100k_one_block", "  longest block of the event loop", "block", { limit: 15 }),
  ]),
  config("Changes", "reload", { keys: 100_000 }, { keys: 30_000 }, [
    ms("reload_100k", "reload of 100,000 leaves, all changed", "ms"),
    ms("reload_100k_block", "  longest block of the event loop", "block", { limit: 15 }),
  ]),
  config("Changes", "match", { keys: 10_000, queue: 10_000, n: 1_000 }, { queue: 2_000 }, [
    ms("match", "1,000 changes matched with 10,000 subscriptions", "ms", {
      limit: 4,
      note: "what a merge of 1,000 leaves takes longer with the subscriptions than without",
    }),
  ]),
  config("Changes", "save", { keys: 1_000 }, {}, [
    ms("save", "file saved in place, until the callback", "ms", {
      limit: 250,
      note: "watched; both sides wait until the file is calm, @otpts/config 50 ms, c12 100 ms",
    }),
  ]),
  config("Changes", "save_moved", { keys: 1_000 }, {}, [
    ms("save_moved", "file moved into place, until the callback", "ms", { limit: 250 }),
  ]),
  config("Changes", "put", { n: 20, keys: 10_000 }, { n: 10 }, [
    ms("put", "put, until the callback, 10,000 keys", "ms", { limit: 1 }),
  ]),
];

const flat = (
  id: string,
  title: string,
  of: string,
  over: string,
  section: Derived["section"] = "runtime",
): Derived => ({
  section,
  group: "Scale",
  id,
  title,
  unit: "×",
  of,
  over,
  limit: 1.5,
});

export const derived: readonly Derived[] = [
  flat("call_flat", "call: 100,000 processes over 10", "call_among_100000", "call_among_10"),
  flat("cast_flat", "cast: 100,000 processes over 10", "cast_among_100000", "cast_among_10"),
  flat("mailbox_flat", "mailbox: a million over 10,000, per message", "mailbox_1000000", "mailbox_10000"),
  flat("waiting_flat", "call: 500,000 waiting over none", "call_waiting", "call_inside"),
  flat(
    "children_start_flat",
    "supervisor start: 10,000 over 1,000, per child",
    "children_start_10000",
    "children_start_1000",
  ),
  flat(
    "children_stop_flat",
    "supervisor stop: 10,000 over 1,000, per child",
    "children_stop_10000",
    "children_stop_1000",
  ),
  flat("get_flat", "Config.get: a million keys over 100", "get_1000000", "get_100", "config"),
  flat("peek_flat", "peek: a million keys over 100", "peek_1000000", "peek_100", "config"),
];
