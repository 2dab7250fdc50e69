/** A snapshot that is printed, or turned into JSON, shows no secret and nothing private. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Config, ConfigSpec } from "../../src/index.ts";
import { eachAlone, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

test("a snapshot is printed with its version and a redacted tree, by any means", async () => {
  const tree = {
    db: { password: "hunter2-p", dsn: "postgres://user:hunter2-d@host/x", port: 5432 },
    mine: { key: "hunter2-k" },
    list: [{ api_key: "hunter2-a" }],
  };
  const source = new ScriptedSource("x", tree);
  await started(new ConfigSpec({ sources: [source], secrets: ["mine.key"], reload_interval: 0 }));
  for (const change of [undefined, "later"]) {
    if (change !== undefined) await Config.put("other", { password: "hunter2-o" });
    const snapshot = Config.snapshot();
    expect(snapshot.lookup("db.password")).toBe("hunter2-p");
    for (const text of [
      inspect(snapshot, { depth: 10, showHidden: false }),
      JSON.stringify(snapshot),
      JSON.stringify(snapshot.redacted()),
      inspect({ snapshot }, { depth: 10 }),
    ]) {
      expect(text).not.toContain("hunter2");
      expect(text).toContain("5432");
      expect(text).not.toMatch(/memo|aged|secrets|lastPath|misses/);
    }
    expect(snapshot.redacted()).toBe(snapshot.redacted());
    expect(snapshot.redacted()).toMatchObject({
      db: { password: "[redacted]", port: 5432 },
      mine: { key: "[redacted]" },
    });
  }
});
