import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { knownPaths } from "../../src/core/known_paths.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import { type RemoteAnswer, RemoteFailure, type RemoteOptions, remote_source } from "../../src/remote.ts";
import { Follower } from "../consul/kit/follower.ts";
import { eventually } from "../eventually.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-remote-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A place in memory, whose revision counts up. */
class Store {
  answer: RemoteAnswer;
  n = 1;
  readonly loads: (string | undefined)[] = [];
  readonly waits: (string | undefined)[] = [];
  failure: unknown;
  private readonly waiting = new Set<() => void>();

  constructor(answer: RemoteAnswer = { content: { a: 1 } }) {
    this.answer = answer;
  }

  get revision(): string {
    return `r${this.n}`;
  }

  set(answer: RemoteAnswer, n = this.n + 1): void {
    this.answer = answer;
    this.n = n;
    this.wake();
  }

  fail(failure: unknown): void {
    this.failure = failure;
    this.wake();
  }

  readonly load = async (_: AbortSignal, revision: string | undefined): Promise<RemoteAnswer> => {
    this.loads.push(revision);
    if (this.failure !== undefined) throw this.failure;
    if (revision === this.revision) return { unchanged: true };
    return "absent" in this.answer ? this.answer : { ...this.answer, revision: this.revision };
  };

  /** As a store whose revisions only rise: what went back in time is waited for in vain. */
  readonly watch = async (signal: AbortSignal, revision: string | undefined) => {
    this.waits.push(revision);
    while (this.failure === undefined && (revision === undefined ? 0 : Number(revision.slice(1))) >= this.n) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      if (signal.aborted) throw signal.reason;
    }
    if (this.failure !== undefined) throw this.failure;
    return { revision: this.revision };
  };

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

const quick = { name: "store", poll_interval: 0, timeout: 500, backoff: { min: 5, max: 30 } } as const;
const made = (options: Partial<RemoteOptions> & Pick<RemoteOptions, "load">) => remote_source({ ...quick, ...options });
const answering = (answer: unknown, options: Partial<RemoteOptions> = {}) =>
  made({ load: async () => answer as RemoteAnswer, ...options });

async function loaded(source: ReturnType<typeof remote_source>, knowledge?: ReturnType<typeof knownPaths>) {
  const follower = new Follower(source, {}, knowledge);
  await follower.reload();
  return { follower, tree: follower.tree, layer: follower.layer, error: follower.errors[0] };
}

describe("remote_source accepts", () => {
  test("a document, as text or bytes, in the format of the answer, else of the options, else as JSON", async () => {
    expect((await loaded(answering({ content: '{"a": 1}' }))).tree).toEqual({ a: 1 });
    expect((await loaded(answering({ content: Buffer.from("a = 1\n[t]\nb = 2") }, { format: "toml" }))).tree).toEqual({
      a: 1,
      t: { b: 2 },
    });
    const { tree, layer } = await loaded(answering({ content: "a:\n  b: 1", format: "yaml" }));
    expect(tree).toEqual({ a: { b: 1 } });
    expect(layer?.origin(["a", "b"])).toEqual({ source: "store", line: 2, column: 3 });
    const { error } = await loaded(answering({ content: "a = 1\n= 2", format: "toml" }));
    expect(error).toMatchObject({ line: 2, message: expect.stringContaining('Cannot read "store": ') as string });
  });

  test("a table of plain data only", async () => {
    expect((await loaded(answering({ content: { a: [1n, null], t: {} } }))).tree).toEqual({ a: [1n, null], t: {} });
    expect((await loaded(answering({ content: { a: () => 1 } }))).error).toMatchObject({ code: "not_plain" });
    expect((await loaded(answering({ content: [1] }))).error).toMatchObject({ code: "not_an_answer" });
  });

  test("texts by key, read by the schema, with a place for each", async () => {
    const keys = { "db/port": "5432", "db/zip": "01234", flag: "yes", "a//b": "x", folder: "1", "folder/x": "2" };
    const schema = shapeOf(z.object({ db: z.object({ port: z.number(), zip: z.string() }), flag: z.boolean() }));
    for (const given of [keys, new Map(Object.entries(keys))]) {
      const { tree, layer } = await loaded(answering({ keys: given }), knownPaths([], schema));
      expect(tree).toEqual({ db: { port: 5432, zip: "01234" }, flag: true, folder: { x: 2 } });
      expect(layer?.origin(["db", "port"])).toEqual({ source: "store", key: "db/port", place: "store#db/port" });
      expect(layer?.diagnostics.map(({ code }) => code).sort()).toEqual(["empty_segment", "shape"]);
    }
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "not_an_answer"],
    ["a text", "a = 1", "not_an_answer"],
    ["an empty object", {}, "not_an_answer"],
    ["a revision that is not a text", { content: {}, revision: 5 }, "not_an_answer"],
    ["keys that are no texts", { keys: { a: 1 } }, "not_an_answer"],
    ["unchanged at first", { unchanged: true }, "not_an_answer"],
    ["an unknown format", { content: "", format: "env" }, "unknown_format"],
    ["a large document", { content: "x".repeat(2000) }, "too_large"],
    ["large keys", { keys: { a: "x".repeat(2000) } }, "too_large"],
  ])("no answer that is %s", async (_what, answer, code) => {
    expect((await loaded(answering(answer, { max_bytes: 1000 }))).error?.code).toBe(code);
  });

  test("equal content as unchanged, whatever its revision", async () => {
    for (const answer of [{ content: "{}" }, { content: { a: { b: 1 } } }, { keys: { a: "1", b: "2" } }]) {
      let n = 0;
      const follower = new Follower(made({ load: async () => ({ ...answer, revision: String(++n) }) }));
      await follower.reload();
      await follower.reload();
      expect(follower.outcomes).toEqual(["data", "unchanged"]);
      expect(follower.source.status!()).toMatchObject({ revision: "2" });
    }
  });

  test("added, changed and removed keys", async () => {
    const store = new Store({ keys: { a: "1", b: "2", c: "3" } });
    const follower = new Follower(made({ load: store.load }));
    await follower.reload();
    store.set({ keys: { a: "1", b: "5", d: "4" } });
    await follower.reload();
    expect(follower.tree).toEqual({ a: 1, b: 5, d: 4 });
    store.set({ content: { a: 1 } });
    await follower.reload();
    expect(follower.tree).toEqual({ a: 1 });
    store.set({ absent: true });
    await follower.reload();
    await follower.reload();
    expect(follower.outcomes.at(-1)).toBe("absent");
    expect(store.loads.at(-1)).toBe("r3");
    await follower.reload();
    expect(store.loads.at(-1)).toBeUndefined();
  });
});

describe("remote_source, when loading fails,", () => {
  test.each<[string, unknown, RegExp]>([
    [
      "a RemoteFailure",
      new RemoteFailure("sealed", "the vault is sealed"),
      /^Cannot read "store": the vault is sealed$/u,
    ],
    ["an Error", new Error("no such table"), /^Cannot read "store": no such table$/u],
    ["an Error with credentials", new Error("at https://u:hunter2@host?token=hunter2"), /at https:\/\/\[redacted\]/u],
    ["an error of fetch", new TypeError("fetch failed", { cause: fault("ECONNREFUSED") }), /: connection refused \(/u],
    ["an error of TLS", fault("CERT_HAS_EXPIRED"), /its certificate has expired/u],
    ["an error of a file", fault("ENOENT"), /: ENOENT: no$/u],
    ["something else", 5, /load threw a value that is not an Error$/u],
    ["nothing", undefined, /load threw a value that is not an Error$/u],
  ])("says why, for %s", async (_what, thrown, message) => {
    const { error, follower } = await loaded(made({ load: () => Promise.reject(thrown) }));
    expect(error?.message).toMatch(message);
    expect(follower.told()).not.toContain("hunter2");
  });

  test("ends a load after its time, even if it ignores its signal or throws before it waits", async () => {
    const signals: AbortSignal[] = [];
    const hanging = made({ timeout: 20, load: (signal) => (signals.push(signal), new Promise(() => undefined)) });
    expect((await loaded(hanging)).error).toMatchObject({ code: "timeout", message: /no answer within 20 ms/u });
    expect(signals[0]!.aborted).toBe(true);
    const heeding = made({
      timeout: 20,
      load: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    });
    expect((await loaded(heeding)).error?.code).toBe("timeout");
    const sudden = made({
      load: () => {
        throw new Error("at once");
      },
    });
    expect((await loaded(sudden)).error?.message).toContain("at once");
  });

  test("sends no request during the pause that a failure asks for, and one afterwards", async () => {
    for (const retry_after of [100_000, 20]) {
      const store = new Store();
      await using follower = await Follower.start(made({ load: store.load }));
      store.failure = new RemoteFailure("busy", "it is busy", { retry_after });
      await follower.reload();
      const loads = store.loads.length;
      store.failure = undefined;
      store.set({ content: { a: 2 } });
      if (retry_after === 20) {
        await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
        continue;
      }
      await follower.reload();
      expect(store.loads.length).toBe(loads);
      expect(follower.errors.at(-1)?.code).toBe("busy");
    }
  });
});

describe("remote_source with watch", () => {
  const watched = (store: Store, options: Partial<RemoteOptions> = {}) =>
    made({ load: store.load, watch: store.watch, debounce: 0, ...options });

  test("loads after each change, and waits with the revision that it holds", async () => {
    const store = new Store();
    await using follower = await Follower.start(watched(store));
    for (const a of [2, 3, 4]) {
      await eventually(() => expect(store.waits.at(-1)).toBe(store.revision));
      store.set({ content: { a } });
      await eventually(() => expect(follower.tree).toEqual({ a }));
    }
    expect(follower.source.status!()).toMatchObject({ state: "connected", revision: "r4" });
  });

  test("waits again if a load found an older revision than the one that was waited for", async () => {
    const store = new Store();
    store.n = 9;
    await using follower = await Follower.start(watched(store));
    await eventually(() => expect(store.waits.at(-1)).toBe("r9"));
    store.answer = { content: { a: 2 } };
    store.n = 3;
    await follower.reload();
    await eventually(() => expect(store.waits.at(-1)).toBe("r3"));
    store.set({ content: { a: 3 } });
    await eventually(() => expect(follower.tree).toEqual({ a: 3 }));
  });

  test("reports a failure once, tries again, and finds changes made meanwhile", async () => {
    const store = new Store();
    await using follower = await Follower.start(watched(store));
    await eventually(() => expect(store.waits.length).toBeGreaterThan(0));
    store.fail(fault("ECONNRESET"));
    await eventually(() => expect(follower.failing).toBe(true));
    await eventually(() => expect(follower.source.status!()).toMatchObject({ state: "retrying", connected: false }));
    store.failure = undefined;
    store.set({ content: { a: 2 } });
    await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
    expect(follower.recovered).toBe(1);
  });

  test("polls as well if waiting is not possible", async () => {
    const store = new Store();
    const watch = () => Promise.reject(new RemoteFailure("unsupported", "it cannot wait"));
    await using follower = await Follower.start(watched(store, { watch, poll_interval: 10 }));
    store.set({ content: { a: 2 } });
    await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
    expect(follower.source.status!()).toMatchObject({ state: "retrying", error: { code: "unsupported" } });
  });

  test("loads again after a failed wait if the server has no revisions", async () => {
    let tree = { a: 1 };
    let isDown = false;
    const load = async () => {
      if (isDown) throw fault("ECONNREFUSED");
      return { content: tree };
    };
    const watch = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("over"))));
    await using follower = await Follower.start(made({ load, watch }));
    isDown = true;
    await follower.reload();
    tree = { a: 2 };
    isDown = false;
    await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
  });

  test("begins another wait after watch_timeout, even if the last one ignores its signal", async () => {
    const store = new Store();
    const signals: AbortSignal[] = [];
    const watch = (signal: AbortSignal) => (signals.push(signal), new Promise<void>(() => undefined));
    await using follower = await Follower.start(watched(store, { watch, watch_timeout: 60 }));
    await eventually(() => expect(signals.length).toBeGreaterThan(3));
    expect(signals.slice(0, 3).map(({ aborted }) => aborted)).toEqual([true, true, true]);
    expect(follower.source.status!()).toMatchObject({ state: "connected", error: undefined });
  });

  test("refuses an invalid answer of a wait", async () => {
    const store = new Store();
    for (const [watch, code] of [
      [async () => 5 as never, "not_an_answer"],
      [async () => null as never, "not_an_answer"],
      [async () => ({ revision: 5 }) as never, "not_an_answer"],
    ] as const) {
      await using follower = await Follower.start(watched(store, { watch, watch_timeout: 10 }));
      await eventually(() => expect(follower.source.status!()).toMatchObject({ error: { code } }));
    }
  });

  test("closes everything when it is stopped, and calls nothing afterwards", async () => {
    const store = new Store();
    let closed = 0;
    const follower = await Follower.start(watched(store, { close: async () => void closed++ }));
    await follower.stop();
    const calls = store.loads.length + store.waits.length;
    store.set({ content: { a: 2 } });
    expect(closed).toBe(1);
    expect(store.loads.length + store.waits.length).toBe(calls);
  });
});

describe("remote_source with a cache file", () => {
  const big = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`k/${n}`, String(n)]));

  test.each<[string, RemoteAnswer]>([
    ["a document", { content: "a: 1\nb: [x]", format: "yaml" }],
    ["a table", { content: { a: 12345678901234567890n, b: [{ c: null }] } }],
    ["texts by key", { keys: { a: "1", "b/c": "é" } }],
    ["many texts by key", { keys: big }],
    ["no keys", { keys: {} }],
  ])("starts with %s that an earlier run read", async (_what, answer) => {
    const cache_file = join(folder, "cache");
    const earlier = await Follower.start(answering(answer, { cache_file }));
    await earlier.stop();
    const load = () => Promise.reject(fault("ECONNREFUSED"));
    const { tree, layer, follower } = await loaded(made({ load, cache_file }));
    expect(tree).toEqual(earlier.tree);
    expect(layer?.diagnostics).toMatchObject([{ code: "cached" }]);
    expect(follower.source.status!()).toMatchObject({ from_cache: true, revision: undefined });
    await follower.reload();
    expect(follower.outcomes).toEqual(["data", "error"]);
  });

  test("does not take 'unchanged' as a confirmation of the cached values", async () => {
    const cache_file = join(folder, "cache");
    await (await Follower.start(answering({ content: { a: 1 } }, { cache_file }))).stop();
    let answer: () => Promise<RemoteAnswer> = () => Promise.reject(fault("ECONNREFUSED"));
    const follower = new Follower(made({ load: () => answer(), cache_file }));
    await follower.reload();
    await follower.watch();
    answer = async () => ({ unchanged: true });
    await follower.reload();
    expect(follower.errors[0]?.code).toBe("not_an_answer");
    answer = async () => ({ content: { a: 1 } });
    await follower.reload();
    expect(follower.layer?.diagnostics).toEqual([]);
    expect(follower.source.status!()).toMatchObject({ from_cache: false, bytes: 7 });
    await follower.stop();
  });

  test("reads only values of its own kind and name", async () => {
    const cache_file = join(folder, "cache");
    await (await Follower.start(answering({ content: { a: 1 } }, { cache_file }))).stop();
    const load = () => Promise.reject(fault("ECONNREFUSED"));
    expect((await loaded(made({ load, cache_file, name: "other" }))).tree).toEqual({});
    expect((await loaded(made({ load, cache_file, kind: "other" }))).tree).toEqual({});
    expect((await loaded(made({ load, cache_file, place: "other" }))).tree).toEqual({});
    expect((await loaded(made({ load, cache_file }))).tree).toEqual({ a: 1 });
  });
});

test.each<[object | undefined, RegExp]>([
  [undefined, /options must be an object/u],
  [{ name: "x" }, /"load" must be a function, got/u],
  [{ load: async () => ({}) }, /"name" must be a text that is not empty/u],
  [{ ...quick, load: async () => ({}), interval: 5 }, /unknown option "interval", known are name, kind/u],
  [{ ...quick, load: async () => ({}), watch: 5 }, /"watch" must be a function/u],
  [{ ...quick, load: async () => ({}), cache_file: "" }, /"cache_file" must be a path/u],
])("remote_source refuses %o", (options, message) => {
  expect(() => remote_source(options as RemoteOptions)).toThrow(message);
});

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: no`), { code });
}
