import { expect, test } from "vitest";

import { program } from "../kit/program.ts";

const run = (body: string) =>
  program(`
    import { OK, erlang, gen_server, supervisor } from "@otpts/runtime";
    process.on("warning", (warning) => console.log("WARNING", warning.name));
    ${body}
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log("done");
    process.exit();
  `);

test("any number of waits on a process's signal warn of nothing", async () => {
  const { stdout } = await run(`
    erlang.spawn(async () => {
      for (let n = 0; n < 50; n++) void erlang.signal().addEventListener("abort", () => {});
      for (let n = 0; n < 50; n++) void fetch("http://127.0.0.1:9/", { signal: erlang.signal() }).catch(() => {});
      await erlang.receive();
    });
  `);
  expect(stdout).toBe("done\n");
});

test("any number of trees that stop on the signals of the system warn of nothing", async () => {
  const { stdout } = await run(`
    for (let n = 0; n < 15; n++) await supervisor.start([], { signals: true });
  `);
  expect(stdout).toBe("done\n");
});

test("any number of copies of the package warn of nothing", async () => {
  const { stdout } = await run(`
    const here = import.meta.resolve("@otpts/runtime");
    for (let n = 0; n < 15; n++) {
      const copy = await import(new URL("../dist/process/rejection.js?" + n, here).href);
      copy.reportRejections();
    }
  `);
  expect(stdout).toBe("done\n");
});
