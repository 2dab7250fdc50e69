/** What the tests of the specification's blocks stand on: a folder, a supervised manager, patience, and telemetry as it comes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigManager, ConfigSpec, type ConfigSpecOptions } from "@otpts/config";
import { erlang, logger, type Pid, supervisor, telemetry } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach } from "vitest";

const undo: (() => unknown)[] = [];

/** Runs this after the test, in reverse order of the calls. */
export function afterwards(action: () => unknown): void {
  undo.push(action);
}

/** For each test of a file: no report on stderr; afterwards no process is left. */
export function eachAlone(): void {
  beforeEach(() => {
    logger.set_handler(undefined);
  });
  afterEach(async () => {
    for (const action of undo.splice(0).reverse()) await action();
    await eventually(() => erlang.processes().length === 0);
    logger.set_handler(logger.default_handler);
  });
}

/** A folder with these files, removed after the test. */
export async function folder(files: Readonly<Record<string, string>> = {}): Promise<(name: string) => string> {
  const path = await mkdtemp(join(tmpdir(), "otpts-note-"));
  afterwards(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return (name) => join(path, name);
}

/** Starts a manager with these options under a separate supervisor, which ends with the test. */
export async function started(options: Partial<ConfigSpecOptions> = {}): Promise<Pid> {
  const config_spec = new ConfigSpec({ id: "myapp_config", ...options });
  const child = supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] });
  const top = await supervisor.start([child], supervisor.options({ max_restarts: 5 }));
  afterwards(() => stopped(top));
  return top;
}

/** Stops a tree, unless it has ended. */
export async function stopped(top: Pid): Promise<void> {
  if (erlang.is_process_alive(top)) await supervisor.stop(top);
}

/** Waits until something holds, as long as a loaded machine needs. Returns the value. */
export const eventually: typeof testing.eventually = (look, patience) =>
  testing.eventually(look, { timeout: 60_000, ...patience });

/** Runs code inside a process, and passes its result or failure on to the test. */
export const inProcess: typeof testing.inside = testing.inside;

/** Telemetry events of a name, as they come: `[event, measurements, metadata]`. */
export function events(event_or_glob: string): (readonly [string, object, object])[] {
  const seen: (readonly [string, object, object])[] = [];
  const id = `note-${event_or_glob}`;
  telemetry.attach(id, event_or_glob, (...event) => void seen.push(event));
  afterwards(() => telemetry.detach(id));
  return seen;
}
