import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { supervisor } from "@otpts/runtime";
import { ConfigClient } from "../config.ts";
import { isTable } from "../core/draft.ts";
import { knownPaths } from "../core/known_paths.ts";
import type { Contribution, Layer } from "../core/layer.ts";
import { formatPath } from "../core/path.ts";
import { admit } from "../core/plain.ts";
import { valueAt } from "../core/snapshot.ts";
import type { Segments, Table, Value } from "../core/value.ts";
import { ConfigManager } from "../manager/tree.ts";
import type { Source, SourceContext } from "../sources/source.ts";
import { ConfigSpec } from "../spec.ts";

/**
 * Tests for implementations of `Source`, in any test runner. A separate entry.
 *
 * @example
 * import { source_contract } from "@otpts/config/testing";
 * import { describe, test } from "vitest"; // or jest, node:test, bun:test
 *
 * source_contract({ describe, test }, "EtcdSource", async () => {
 *   const place = await startEtcd();
 *   await place.set("a", "1");
 *   return {
 *     source: new EtcdSource(place.url),
 *     change: () => place.set("a", "2"),
 *     dispose: () => place.stop(),
 *   };
 * });
 */

/** The functions of a test runner. */
export interface TestApi {
  readonly describe: (title: string, suite: () => void) => unknown;
  readonly test: (title: string, body: () => Promise<void>) => unknown;
}

/** A source, with the place it loads from. */
export interface Place {
  /** A new source with content. */
  readonly source: Source;
  /** Changes the content. Leave it out for a place that never changes. */
  readonly change?: () => Promise<unknown>;
  /** Makes loads fail. */
  readonly break?: () => Promise<unknown>;
  /** Makes loads succeed again. */
  readonly mend?: () => Promise<unknown>;
  /** A path and a value that can be written, for a source with `write`. */
  readonly writable?: { readonly path: Segments; readonly value: Value };
  /** The environment that the source sees. Default: empty. */
  readonly env?: SourceContext["env"];
  /** Releases the place. */
  readonly dispose: () => Promise<unknown>;
}

/** The time for each promised reaction, in milliseconds. */
const PATIENCE = 20_000;

/**
 * Tests that a source fulfils the contract that managers rely on.
 *
 * @param api a test runner's `describe` and `test`
 * @param title the source's name in the tests' titles
 * @param make makes a new place and a new source for each test
 */
export function source_contract({ describe, test }: TestApi, title: string, make: () => Promise<Place>): void {
  const rule = (words: string, body: (place: Place) => Promise<void>): void => {
    test(`${title} ${words}`, async () => {
      const place = await make();
      try {
        await body(place);
      } finally {
        await place.dispose();
      }
    });
  };

  describe(`The contract of a source: ${title}`, () => {
    rule("is taken by a ConfigSpec", async ({ source }) => {
      strictEqual(new ConfigSpec({ sources: [source] }).sources[0], source);
    });

    rule(
      "gives data to its first load: plain, with an origin for every leaf, and a list of diagnostics",
      async (place) => {
        const layer = await loaded(place, true);
        const tree = admit(layer.tree, undefined, { strict: false });
        ok(isTable(tree), "its tree must be a table");
        ok(Array.isArray(layer.diagnostics), "its diagnostics must be a list");
        for (const path of leavesOf(tree, [])) {
          const origin = layer.origin(path);
          strictEqual(typeof origin?.source, "string", `the origin of "${formatPath(path)}" must name a source`);
        }
      },
    );

    rule('answers a second load with "unchanged", or with the same data', async (place) => {
      const first = await loaded(place, true);
      const context = contextOf(place, false);
      const again = await place.source.load(context);
      if (again.outcome === "unchanged") return;
      strictEqual(again.outcome, "data");
      deepStrictEqual(layerOf(again.contribution).tree, first.tree);
    });

    rule("gives data again to the first load of another process", async (place) => {
      const { tree } = await loaded(place, true);
      deepStrictEqual((await loaded(place, true)).tree, tree);
    });

    rule("settles soon after the signal of a load aborts", async (place) => {
      const controller = new AbortController();
      const load = place.source.load({ ...contextOf(place, true), signal: controller.signal });
      controller.abort();
      await soon(
        "a load whose signal has aborted must settle",
        load.catch(() => undefined),
      );
    });

    rule("finds what changed", async (place) => {
      if (place.change === undefined) return;
      const { tree } = await loaded(place, true);
      await place.change();
      await eventually("a load must find the change", async () => {
        const found = await place.source.load(contextOf(place, false));
        return found.outcome === "data" && !isSame(layerOf(found.contribution).tree, tree);
      });
    });

    rule("reports a change to its watch, nothing after the watch is closed, and may be closed twice", async (place) => {
      const { source, change } = place;
      if (source.watch === undefined) return;
      await loaded(place, true);
      const controller = new AbortController();
      const context = { ...contextOf(place, false), signal: controller.signal };
      let reports = 0;
      const watch = await source.watch(() => void reports++, context);
      if (change !== undefined) {
        // As a manager does: it loads once it watches, and after that when there is a report.
        await source.load(context);
        const before = reports;
        await change();
        await eventually("its watch must report the change", () => Promise.resolve(reports > before));
      }
      controller.abort();
      await soon("close must resolve", watch.close());
      await soon("a second close must resolve", watch.close());
      const closed = reports;
      await change?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
      strictEqual(reports, closed, "a closed watch must report nothing");
    });

    rule("throws an Error when it cannot load, and loads again when it can", async (place) => {
      if (place.break === undefined || place.mend === undefined) return;
      await loaded(place, true);
      await place.break();
      await eventually("a load must fail", () =>
        place.source.load(contextOf(place, false)).then(
          () => false,
          (error: unknown) => {
            ok(error instanceof Error, "a load must throw an Error");
            return true;
          },
        ),
      );
      await place.mend();
      await eventually("a load must succeed again", () =>
        place.source.load(contextOf(place, false)).then(
          () => true,
          () => false,
        ),
      );
    });

    rule("finds a written value, and no longer finds a removed one", async (place) => {
      const { source, writable } = place;
      if (source.write === undefined || writable === undefined) return;
      const { path, value } = writable;
      await loaded(place, true);
      await source.write(path, value, contextOf(place, false));
      deepStrictEqual(valueAt((await loaded(place, true)).tree, path), value);
      await source.write(path, undefined, contextOf(place, false));
      strictEqual(valueAt((await loaded(place, true)).tree, path), undefined);
    });

    rule("shows plain data in its status", async ({ source }) => {
      if (source.status === undefined) return;
      const status = source.status();
      strictEqual(typeof status, "object");
      ok(JSON.stringify(status) !== undefined);
    });

    rule("serves a manager, brings a change to its subscribers, and leaves nothing when that stops", async (place) => {
      const name = `contract ${++managers}`;
      const spec = new ConfigSpec({
        name,
        sources: [place.source],
        reload_interval: 0,
        log: false,
        env: place.env ?? {},
      });
      const top = await ConfigManager.start(spec);
      try {
        const config = new ConfigClient(name);
        const [status] = (await config.status()).sources;
        strictEqual(status?.state, "ok");
        const { version } = config.snapshot();
        let notified = false;
        await config.subscribe("**", () => void (notified = true));
        if (place.change !== undefined) {
          await place.change();
          await eventually("its change must reach a subscriber", async () => {
            if (place.source.watch === undefined) await config.reload();
            return notified && config.snapshot().version > version;
          });
        }
      } finally {
        await soon("a manager must stop", supervisor.stop(top));
      }
    });
  });
}

let managers = 0;

function contextOf({ env = {} }: Place, first: boolean): SourceContext {
  return { signal: new AbortController().signal, env, first };
}

async function loaded(place: Place, first: boolean): Promise<Layer> {
  const found = await place.source.load(contextOf(place, first));
  strictEqual(found.outcome, "data", "a place with content must give data");
  ok("contribution" in found);
  return layerOf(found.contribution);
}

function layerOf(contribution: Contribution): Layer {
  return typeof contribution === "function" ? contribution(knownPaths([])) : contribution;
}

function leavesOf(value: Value, path: Segments): readonly Segments[] {
  if (!isTable(value)) return [path];
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, [...path, key]));
}

function isSame(a: Table, b: Table): boolean {
  try {
    deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (!(await condition())) {
    ok(Date.now() < deadline, `${what}, and did not within ${PATIENCE} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function soon(what: string, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}, and did not within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
