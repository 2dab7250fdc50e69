/** Two copies of this package in one program, as package managers and bundlers make them. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { program } from "../kit/program.ts";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const COPY = join(PACKAGE, "dist-test", "copy");
beforeAll(() => {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  cpSync(join(PACKAGE, "lib"), join(COPY, "lib"), { recursive: true });
  cpSync(join(PACKAGE, "package.json"), join(COPY, "package.json"));
});
afterAll(() => rmSync(COPY, { recursive: true, force: true }));

test("a pid or reference of another copy is refused with the paths of both, while atoms are the same", async () => {
  const { stdout, stderr } = await program(`
    import { erlang, gen_server, supervisor, atom, OK } from "@otpts/runtime";
    const other = await import(${JSON.stringify(pathToFileURL(join(COPY, "lib", "index.js")).href)});
    const pid = await other.gen_server.start({ init: () => [OK, 0] }, 0);
    const ref = other.erlang.make_ref();
    const inProcess = (fun) => new Promise((resolve, reject) => { erlang.spawn(async () => { try { resolve(await fun()); } catch (error) { reject(error); } }); });
    const acts = {
      call: () => gen_server.call(pid, 1),
      cast: () => gen_server.cast(pid, 1),
      stop: () => gen_server.stop(pid),
      children: () => supervisor.which_children(pid),
      send: () => erlang.send(pid, 1),
      alias: () => erlang.send(ref, 1),
      timer: () => erlang.send_after(1, pid, 1),
      exit: () => erlang.exit(pid, 1),
      link: () => inProcess(() => erlang.link(pid)),
      monitor: () => inProcess(() => erlang.monitor("process", pid)),
      alive: () => erlang.is_process_alive(pid),
      register: () => erlang.register("x", pid),
      task: () => supervisor.start([{ id: "a", task: () => pid }]),
    };
    for (const [name, act] of Object.entries(acts)) {
      const text = await Promise.resolve().then(act).then(() => "accepted", (error) => error.message);
      if (!/another copy of @otpts\\/runtime: that one was loaded from [^ (]*dist-test.copy.lib.otpts_runtime\\.js, this one from [^ (]+runtime.lib.otpts_runtime\\.js. Install one copy/.test(text)) console.log(name, text);
    }
    console.log(other.atom.ensure("x") === atom.ensure("x"));
    process.exit();
  `);
  expect(stderr.replaceAll(/^.*(start_error|could not start child|another copy).*$\n?/gmu, "")).toBe("");
  expect(stdout).toBe("true\n");
});

test("a name that is registered in another copy fails calls and sends with the paths of both", async () => {
  const { stdout, stderr } = await program(`
    import { erlang, gen_server } from "@otpts/runtime";
    import { gen_event } from "@otpts/runtime/gen_event";
    const other = await import(${JSON.stringify(pathToFileURL(join(COPY, "lib", "index.js")).href)});
    await other.gen_server.start({ init: () => [other.OK, 0] }, 0, { name: "stock" });
    const acts = [
      () => gen_server.call("stock", 1),
      () => erlang.send("stock", 1),
      () => gen_server.stop("stock"),
      () => gen_event.notify("stock", 1),
    ];
    const said = (act) => Promise.resolve().then(act).then(() => "accepted", (error) => error.message);
    for (const act of acts) {
      const text = await said(act);
      if (!/no (?:process has this name|such process).*; another copy of @otpts\\/runtime has a process of this name: that one was loaded from [^ (]*dist-test.copy.lib.otpts_runtime\\.js, this one from [^ (]+runtime.lib.otpts_runtime\\.js. Install one copy/.test(text)) console.log(text);
    }
    await other.gen_server.stop("stock");
    for (const act of acts) console.log(/another copy/.test(await said(act)));
    process.exit();
  `);
  expect(stderr).toBe("");
  expect(stdout).toBe("false\nfalse\nfalse\nfalse\n");
});
