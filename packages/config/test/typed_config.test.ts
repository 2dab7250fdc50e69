import { gen_server } from "@otpts/runtime";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  Config,
  ConfigSpec,
  GET_CONFIG,
  PUT_CONFIG,
  type PathsOf,
  type Preview,
  type Refusal,
  STATUS,
  type ConfigStatus,
} from "../src/index.ts";

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
