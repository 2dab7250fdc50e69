/** The published command, in a child process and a temporary folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
/** The published command. */
export const CLI = join(PACKAGE, "lib", "cli.js");

/** How a command ended. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command runs: inside the package, where modules find both packages and their dependencies by name. */
export class Folder {
  readonly path: string;

  constructor(files: Readonly<Record<string, string>> = {}) {
    const programs = join(PACKAGE, "dist-test", "cli");
    const installed = join(programs, "node_modules", "@otpts");
    mkdirSync(installed, { recursive: true });
    for (const name of ["config", "runtime"]) {
      const link = join(installed, name);
      if (!existsSync(link)) symlinkSync(join(PACKAGE, "..", name), link, "junction");
    }
    this.path = mkdtempSync(join(programs, "f-"));
    this.write("package.json", '{ "type": "module" }');
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Starts the command with exactly the given environment. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(process.execPath, [CLI, ...args], { cwd: this.path, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Runs the command to its end. */
  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ending> {
    return ending(this.start(args, env));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What a process printed, and how it ended. */
export function ending(child: ChildProcess): Promise<Ending> {
  const text = { stdout: "", stderr: "" };
  for (const channel of ["stdout", "stderr"] as const) {
    child[channel]?.setEncoding("utf8").on("data", (chunk: string) => (text[channel] += chunk));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...text }));
  });
}

/** A specification with a schema, a file and variables. */
export const SHOP: Readonly<Record<string, string>> = {
  "config.toml": `log_level = "info"

[server]
port = 8080

[database]
url = "postgres://shop:pass-w0rd@localhost/shop"
password = "s3cret-s3cret"
`,
  "config.js": `import { ConfigSpec, EnvironmentSource, FileSource } from "@otpts/config";
import * as z from "zod";

export default new ConfigSpec({
  // The files of a test have just been written, and need no time to settle.
  sources: [new FileSource("config.toml", { settle: 0 }), new EnvironmentSource("SHOP")],
  schema: z.object({
    log_level: z.enum(["info", "debug"]).default("info").describe("How much is logged"),
    server: z.object({ port: z.number().int().min(1).max(65535), host: z.string().default("localhost") }),
    database: z.object({ url: z.string(), password: z.string().min(8), pool: z.number().int().min(1).default(10) }),
  }),
});
`,
};

/** Names the module of a shop's folder. */
export const MODULE = ["--module", "config.js"];

const shops: Folder[] = [];

/** A shop's folder, until the end of the test. */
export function shop(files: Readonly<Record<string, string>> = {}): Folder {
  const folder = new Folder({ ...SHOP, ...files });
  shops.push(folder);
  return folder;
}

/** Removes the shops' folders. For `afterEach`. */
export function leave(): void {
  for (const folder of shops.splice(0)) folder.remove();
}
