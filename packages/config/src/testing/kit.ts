/** Resources of a file of tests: managers, directories and environment variables that are released after each test. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { supervisor } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigClient } from "../config.ts";
import { ConfigManager } from "../manager/tree.ts";
import { ConfigSpec, type ConfigSpecOptions } from "../spec.ts";

/** A directory that is removed after the test. */
export class TemporaryDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The path of a file in it. @throws RangeError for one outside */
  file(name: string): string {
    const path = resolve(this.path, name);
    if (!path.startsWith(this.path + sep)) throw new RangeError(`"${name}" is not in the directory ${this.path}`);
    return path;
  }

  /** Writes a file in one step, as a careful program does: a reader sees all of it or none. @returns its path */
  async write(name: string, text: string): Promise<string> {
    const path = this.file(name);
    await mkdir(dirname(path), { recursive: true });
    const draft = `${path}.${++drafts}.tmp`;
    await writeFile(draft, text);
    await rename(draft, path);
    return path;
  }

  /** Removes a file or a directory in it. */
  async remove(name: string): Promise<void> {
    await rm(this.file(name), { recursive: true, force: true });
  }
}

let drafts = 0;

/** The kit of a file of tests. Made by `setup`. */
export class ConfigKit {
  /** The runtime's kit: children, probes, reports, the simulated clock. */
  readonly processes: testing.Kit;
  private readonly directories: string[] = [];
  private readonly variables = new Map<string, string | undefined>();

  constructor({ beforeEach, afterEach }: testing.Hooks) {
    // In one hook each: runners differ in the order in which they call several, and managers must stop before their
    // files are removed.
    let begin: () => void | Promise<void> = () => undefined;
    let end = begin;
    this.processes = testing.setup({
      beforeEach: (hook) => (begin = hook),
      afterEach: (hook) => (end = hook),
    });
    beforeEach(() => begin());
    afterEach(async () => {
      try {
        await end();
      } finally {
        await this.cleanUp();
      }
    });
  }

  /**
   * Starts a configuration manager under the supervisor of this test; it is stopped after the test.
   *
   * @param options a `ConfigSpec`, or its options; by default there is no automatic reload, and `env` is the environment of the process
   * @returns its client
   * @throws OtpError with the reason if it does not start
   */
  async start_manager<S extends StandardSchemaV1>(
    options: ConfigSpec<S> | ConfigSpecOptions<S>,
  ): Promise<ConfigClient<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>>> {
    const spec = options instanceof ConfigSpec ? options : new ConfigSpec({ reload_interval: 0, ...options });
    await this.processes.start_supervised(
      supervisor.child_spec({ id: spec.name, task: () => ConfigManager.start(spec), type: "supervisor" }),
    );
    return new ConfigClient(spec.name);
  }

  /** Stops a manager before the end of the test. @param config its client */
  async stop_manager(config: { readonly name: string }): Promise<void> {
    await this.processes.stop_supervised(config.name);
  }

  /** Makes a directory for this test. @param files names and texts of its initial files */
  async temporary_directory(files: Readonly<Record<string, string>> = {}): Promise<TemporaryDirectory> {
    const path = await mkdtemp(join(tmpdir(), "otpts-"));
    this.directories.push(path);
    const directory = new TemporaryDirectory(path);
    for (const [name, text] of Object.entries(files)) await directory.write(name, text);
    return directory;
  }

  /** Sets variables of the process's environment until the end of the test; undefined removes one. */
  temporary_env(variables: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(variables)) {
      if (!this.variables.has(name)) this.variables.set(name, process.env[name]);
      assign(name, value);
    }
  }

  private async cleanUp(): Promise<void> {
    for (const [name, value] of this.variables) assign(name, value);
    this.variables.clear();
    for (const path of this.directories.splice(0)) await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function assign(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
