import { execFile } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { CLI, Folder, SHOP } from "./command.ts";

const folder = new Folder({
  ...SHOP,
  "package.json": '{ "type": "module", "otpts-config": "./config.js" }',
  "bin/otpts-config": `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`,
});
chmodSync(join(folder.path, "bin/otpts-config"), 0o755);
afterAll(() => folder.remove());

/** What the last word may become. */
async function words(...typed: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await folder.run(["__complete", ...typed]);
  return stdout.split("\n").slice(0, -1);
}

describe("completion of a word", () => {
  test("offers the commands with their descriptions", async () => {
    expect(await words("e")).toEqual([
      "explain\tExplains a value: its layers, the deciding one on top",
      "env\tLists the variables: the path and rule of each, and those w…",
    ]);
    expect((await words("")).length).toBeGreaterThan(12);
  });

  test("offers the remaining options and their values", async () => {
    const options = await words("schema", "--force", "--");
    expect(options.map((line) => line.split("\t")[0])).toContain("--target");
    expect(options.map((line) => line.split("\t")[0])).not.toContain("--force");
    expect(await words("schema", "--target", "")).toEqual(["draft-07", "draft-2020-12"]);
    expect(await words("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  test("offers files where one is expected", async () => {
    expect(await words("check", "-m", "con")).toEqual(["config.js", "config.toml"]);
    expect(await words("diff", "b")).toEqual(["bin/"]);
    expect(await words("diff", "bin/")).toEqual(["bin/otpts-config"]);
  });

  test("offers the next step of a path, with secrets masked", async () => {
    expect(await words("get", "")).toEqual(['log_level\t"info"', "server.", "database."]);
    expect(await words("explain", "--json", "server.")).toEqual(["server.port\t8080", 'server.host\t"localhost"']);
    expect(await words("tree", "database.pass")).toEqual(["database.password\t[redacted]"]);
  });

  test("offers nothing where the values cannot be known", async () => {
    expect(await words("nothing", "")).toEqual([]);
    expect(await words("get", "-m", "not_there.js", "")).toEqual([]);
    expect(await words("put", "log_level", "")).toEqual([]);
  });
});

test("the completion script makes bash complete to the same words", async () => {
  const program = `source <(otpts-config completion bash)
COMP_WORDS=(otpts-config get server.); COMP_CWORD=2
_otpts_config otpts-config
printf '%s\\n' "\${COMPREPLY[@]}"
complete -p otpts-config`;
  const { PATH = "" } = process.env;
  const { stdout } = await promisify(execFile)("bash", ["-c", program], {
    cwd: folder.path,
    env: { PATH: `${join(folder.path, "bin")}:${PATH}` },
  });
  expect(stdout).toBe("server.port\nserver.host\ncomplete -F _otpts_config otpts-config\n");
});
