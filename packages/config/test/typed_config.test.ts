import { gen_server } from "@otpts/runtime";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  type ChangeCallback,
  Config,
  type ConfigClient,
  ConfigSpec,
  type InputOf,
  type TreeOf,
  type Value,
  GET_CONFIG,
  PUT_CONFIG,
  type PathsOf,
  type Preview,
  type Refusal,
  STATUS,
  type ConfigStatus,
} from "../src/index.ts";
import type { KnownPath } from "../src/typed_path.ts";
import { duration } from "../src/zod.ts";

const schema = z.object({
  database: z.object({ url: z.string(), max_connections: z.number(), tls: z.boolean().optional() }),
  limits: z.record(z.string(), z.object({ rate: z.number() })),
  interfaces: z.array(z.string()),
  servers: z.array(z.object({ host: z.string(), ports: z.array(z.number()) })),
});
const spec = new ConfigSpec({ name: "typed_manager", schema });
const typed = Config.for(spec);

describe("with a schema", () => {
  test("paths and values have types, and a misspelt path does not compile", () => {
    type Typed = typeof typed;
    const use = (config: Typed): void => {
      expectTypeOf(config.get("database.url")).resolves.toEqualTypeOf<string>();
      expectTypeOf(config.get("database.max_connections")).resolves.toEqualTypeOf<number>();
      expectTypeOf(config.get("database.tls")).resolves.toEqualTypeOf<boolean | undefined>();
      expectTypeOf(config.get("database.tls", false)).resolves.toEqualTypeOf<boolean>();
      expectTypeOf(config.get("interfaces")).resolves.toEqualTypeOf<string[]>();
      expectTypeOf(config.get("limits.api")).resolves.toEqualTypeOf<{ rate: number }>();
      expectTypeOf(config.peek("database.url")).toEqualTypeOf<string>();
      expectTypeOf(config.ref("database.max_connections").value).toEqualTypeOf<number>();
      expectTypeOf(config.get("interfaces.0")).resolves.toEqualTypeOf<string | undefined>();
      expectTypeOf(config.get("servers.0.host")).resolves.toEqualTypeOf<string | undefined>();
      expectTypeOf(config.peek("servers.1.ports.0")).toEqualTypeOf<number | undefined>();
      // @ts-expect-error: a misspelt path in a list's element
      void config.get("servers.0.hots");
      // @ts-expect-error: a list has no keys but its indices
      void config.get("servers.first");
      // @ts-expect-error: a misspelt path
      void config.get("database.ulr");
      // @ts-expect-error: a misspelt path
      void config.peek("databse");
      // @ts-expect-error: a value of another type
      void config.put("database.max_connections", "ten");
      // @ts-expect-error: a misspelt path
      void config.ref("interface");
    };
    expect(use).toBeTypeOf("function");
    expectTypeOf<"database.url">().toExtend<PathsOf<z.infer<typeof schema>>>();
    expectTypeOf<"limits.anything.rate">().toExtend<PathsOf<z.infer<typeof schema>>>();
  });
});

const written = z.object({
  database: z.object({
    url: z.string(),
    pool: z.object({ size: z.number().default(5), timeout: duration().prefault("30s") }).prefault({}),
    tls: z.object({ cert: z.string() }).optional(),
  }),
  limits: z.record(z.string(), z.object({ rate: z.number() })),
  "dotted.key": z.object({ x: z.number() }),
  mode: z.union([z.object({ kind: z.literal("a"), a: z.number() }), z.object({ kind: z.literal("b"), b: z.string() })]),
});
const typedSpec = new ConfigSpec({ name: "written", schema: written });
const other = Config.for(new ConfigSpec({ name: "other", schema: z.object({ port: z.number() }) }));

describe("typed clients", () => {
  type Written = ConfigClient<TreeOf<typeof typedSpec>, InputOf<typeof typedSpec>>;

  test("of several specifications coexist", () => {
    const use = (config: Written, ports: typeof other): void => {
      expectTypeOf(ports.get("port")).resolves.toEqualTypeOf<number>();
      expectTypeOf(config.get("database.url")).resolves.toEqualTypeOf<string>();
      // @ts-expect-error: a path of the other one
      void ports.get("database.url");
      // @ts-expect-error: a path of the other one
      void config.get("port");
    };
    expect(use).toBeTypeOf("function");
    expectTypeOf(Config.for(typedSpec)).toEqualTypeOf<Written>();
  });

  test("read segments, escaped keys, optional tables and unions with their types", () => {
    const use = (config: Written, dynamic: string[]): void => {
      expectTypeOf(config.get(["database", "pool", "size"])).resolves.toEqualTypeOf<number>();
      expectTypeOf(config.get(["dotted.key", "x"])).resolves.toEqualTypeOf<number>();
      expectTypeOf(config.get("dotted\\.key.x")).resolves.toEqualTypeOf<number>();
      expectTypeOf(config.get("database.tls.cert")).resolves.toEqualTypeOf<string | undefined>();
      expectTypeOf(config.get("database.tls.cert", "x")).resolves.toEqualTypeOf<string>();
      expectTypeOf(config.get("mode.b")).resolves.toEqualTypeOf<string | undefined>();
      expectTypeOf(config.peek(["limits", "api", "rate"])).toEqualTypeOf<number>();
      expectTypeOf(config.ref(["database", "url"]).value).toEqualTypeOf<string>();
      expectTypeOf(config.get(dynamic)).resolves.toEqualTypeOf<unknown>();
      // @ts-expect-error: a misspelt segment
      void config.get(["database", "ulr"]);
      // @ts-expect-error: nothing is below a text
      void config.get("database.url.host");
    };
    expect(use).toBeTypeOf("function");
  });

  test("put the schema's input types, not its output types", () => {
    const use = (config: Written): void => {
      expectTypeOf(config.put("database.pool.timeout", "10s")).resolves.toEqualTypeOf<true>();
      expectTypeOf(config.put("database.pool.size", 7, { dry_run: true })).resolves.toEqualTypeOf<true | Preview>();
      expectTypeOf(config.get("database.pool.timeout")).resolves.toEqualTypeOf<number>();
      void config.merge("database", { tls: { cert: "x" } });
      void config.put("database.pool", {});
      // @ts-expect-error: milliseconds come out, and are not written
      void config.put("database.pool.timeout", 10_000);
      // @ts-expect-error: a misspelt key
      void config.merge("database", { ulr: "x" });
      // @ts-expect-error: a value of another type, in segments
      void config.put(["database", "url"], 1);
      // @ts-expect-error: undefined is put by unset
      void config.put("database.tls", undefined);
      // @ts-expect-error: a misspelt path
      void config.unset("database.ulr");
      // @ts-expect-error: a misspelt path
      void config.explain("database.ulr");
    };
    expect(use).toBeTypeOf("function");
  });

  test("notify subscribers with typed values", () => {
    const use = (config: Written, any: ChangeCallback): void => {
      void config.subscribe("database.url", (_path, old_value, new_value, { version }) => {
        expectTypeOf(old_value).toEqualTypeOf<string | undefined>();
        expectTypeOf(new_value).toEqualTypeOf<string | undefined>();
        expectTypeOf(version).toEqualTypeOf<number>();
      });
      void config.subscribe("limits.*", (_path, old_value) => {
        expectTypeOf(old_value).toEqualTypeOf<{ rate: number } | undefined>();
      });
      void config.subscribe("limits.{api,web}.*", (_path, old_value) => {
        expectTypeOf(old_value).toEqualTypeOf<Value | undefined>();
      });
      void config.subscribe("database.**", any);
      void config.subscribe("database.url", any, { initial: true });
      void config.subscribe("database.url", "a_process");
      // @ts-expect-error: a misspelt path
      void config.subscribe("database.ulr", any);
      // @ts-expect-error: a callback for another type
      void config.subscribe("database.url", (_path: string, old_value: number) => old_value);
    };
    expect(use).toBeTypeOf("function");
  });

  test("have errors that list the existing keys", () => {
    expectTypeOf<KnownPath<TreeOf<typeof typedSpec>, "database.ulr">>().toEqualTypeOf<
      "database.url" | "database.pool" | "database.tls"
    >();
    expectTypeOf<KnownPath<TreeOf<typeof typedSpec>, "databse.url">>().toEqualTypeOf<
      "database" | "limits" | "dotted\\.key" | "mode"
    >();
    expectTypeOf<KnownPath<TreeOf<typeof typedSpec>, "database.url.x">>().toEqualTypeOf<"database.url">();
    expectTypeOf<KnownPath<unknown, "any.thing">>().toEqualTypeOf<"any.thing">();
  });
});

test("secrets, validators and deprecated patterns of a specification are paths of its schema", () => {
  const make = (): unknown => [
    new ConfigSpec({
      schema: written,
      secrets: ["database.url", "**.cert", "limits.api"],
      validators: { "database.url": (value) => value !== "", "limits.*": () => true },
      deprecated: { "database.pool.size": "use more", "database.{url,tls}": "no" },
    }),
    // @ts-expect-error: a misspelt path
    new ConfigSpec({ schema: written, secrets: ["database.ulr"] }),
    // @ts-expect-error: a misspelt path
    new ConfigSpec({ schema: written, validators: { "database.ulr": () => true } }),
    // @ts-expect-error: a misspelt path
    new ConfigSpec({ schema: written, deprecated: { "database.ulr": "x" } }),
    new ConfigSpec({
      secrets: ["any.thing"],
      validators: { "any.thing": () => true },
      deprecated: { "any.thing": "x" },
    }),
  ];
  expect(make()).toHaveLength(5);
});

describe("without a schema", () => {
  test("any path compiles, and a fallback gives the type", () => {
    const use = (config: typeof Config): void => {
      expectTypeOf(config.get("whatever.path")).resolves.toEqualTypeOf<unknown>();
      expectTypeOf(config.get("max", 10)).resolves.toEqualTypeOf<number>();
      expectTypeOf(config.get("list", ["eth0"])).resolves.toExtend<readonly string[]>();
    };
    expect(use).toBeTypeOf("function");
  });
});

describe("raw calls", () => {
  test("have the reply's type, and a wrong message does not compile", () => {
    const use = (): void => {
      expectTypeOf(gen_server.call("config_manager", [GET_CONFIG, "a.b"])).resolves.toEqualTypeOf<unknown>();
      expectTypeOf(gen_server.call("config_manager", [PUT_CONFIG, "a.b", 1])).resolves.toEqualTypeOf<
        true | Preview | Refusal
      >();
      expectTypeOf(gen_server.call("config_manager", [STATUS])).resolves.toEqualTypeOf<ConfigStatus>();
      // @ts-expect-error: put wants a path and a value
      void gen_server.call("config_manager", [PUT_CONFIG]);
    };
    expect(use).toBeTypeOf("function");
  });
});
