import { userInfo } from "node:os";
import { parsePath } from "../core/path.ts";
import type { Preview, PutOptions } from "../protocol.ts";
import type { ConfigSpec } from "../spec.ts";
import { differenceLines } from "./differences.ts";
import { Failure } from "./failure.ts";
import { findingLines } from "./findings.ts";
import type { Session } from "./session.ts";
import type { Address } from "./subject.ts";

/** The options of each command that changes something. */
export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly ifVersion?: number;
}

/** A change. */
export type Write =
  | { readonly what: "put"; readonly path: string; readonly value: unknown }
  | { readonly what: "unset"; readonly path: string }
  | { readonly what: "rollback"; readonly version: number };

/** The result of a change. */
interface Outcome {
  readonly version: number;
  /** The differences, of a dry run. */
  readonly preview?: Preview;
}

/** A problem of a refusal. */
interface Told {
  readonly path: string;
  readonly message: string;
  readonly origin?: string;
}

/**
 * Changes a running program's configuration, or that of a specification which keeps its overrides in a file.
 *
 * @returns the exit code
 */
export async function write(session: Session, change: Write, options: WriteOptions): Promise<number> {
  const address = session.remote();
  const { out, err, json } = session;
  try {
    const { version, preview } =
      address === undefined
        ? await locally(session, change, options)
        : await remotely(session, address, change, options);
    if (json)
      session.printJson({ version, ...(preview === undefined ? {} : { dry_run: true, changes: preview.changes }) });
    else if (preview === undefined) out.print(`${out.paint.green("✓")} done: version ${version}`);
    else {
      out.print(...differenceLines(preview.changes, out));
      const count = preview.changes.length;
      out.print(
        out.paint.dim(
          count === 0
            ? `nothing would change at version ${version}`
            : `would change ${count === 1 ? "1 value" : `${count} values`} of version ${version}; nothing was changed`,
        ),
      );
    }
    return 0;
  } catch (error) {
    const problems = problemsOf(error);
    if (problems === undefined) throw error;
    err.print(`${err.paint.red("✗")} refused, nothing was changed:`);
    for (const { path, message, origin } of problems) {
      const place = origin === undefined || origin === "put" ? {} : { place: origin };
      err.print(
        ...findingLines({ ...(path === "" ? {} : { path }), message, code: "invalid", ...place }, " ", err.paint),
      );
    }
    return 1;
  }
}

function problemsOf(error: unknown): readonly Told[] | undefined {
  const { problems, body } = error as { problems?: readonly Told[]; body?: { problems?: readonly Told[] } };
  const found = problems ?? body?.problems;
  return found === undefined || found.length === 0 ? undefined : found;
}

function putOptionsOf({ dryRun, reason, ifVersion }: WriteOptions): PutOptions {
  return {
    ...(dryRun === true ? { dry_run: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(ifVersion === undefined ? {} : { if_version: ifVersion }),
  };
}

async function remotely(session: Session, address: Address, change: Write, options: WriteOptions): Promise<Outcome> {
  const { Refused, RemoteSubject } = await import("./remote.ts");
  const { Progress } = await import("./progress.ts");
  const { what, ...more } = change;
  const action = what === "rollback" ? "changes/rollback" : `configuration/${what}`;
  const body = { ...more, full: true, ...putOptionsOf(options) };
  try {
    const done = await new RemoteSubject(address, new Progress(session.err)).act(action, body);
    const { version, preview } = done as { version?: number; preview?: Preview };
    return preview === undefined ? { version: version ?? 0 } : { version: preview.version, preview };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 403 || !error.message.includes("token")) throw error;
    throw new Failure(
      `${error.message}; set --token or OTPTS_TOKEN to the dashboard's option token, or to the token of its printed address, which is valid once`,
    );
  }
}

async function locally(session: Session, change: Write, options: WriteOptions): Promise<Outcome> {
  const spec = await session.specification();
  const where = spec.overrides_file !== undefined || spec.layers.some((source) => source.write !== undefined);
  if (change.what === "rollback") {
    throw new Failure("Cannot roll back a specification: a running program has versions; name one with --url", 2);
  }
  if (!where && options.dryRun !== true) {
    throw new Failure(
      `Cannot ${change.what} "${change.path}": this specification keeps overrides in memory, so the change would be lost at once; name a running program with --url, or give the ConfigSpec a new RuntimeSource({ file: "…" })`,
      2,
    );
  }
  const [{ logger, supervisor }, { Config }, { ConfigManager }] = await Promise.all([
    import("@otpts/runtime"),
    import("../config.ts"),
    import("../manager/tree.ts"),
  ]);
  logger.set_handler(undefined);
  const tree = await started(spec, ConfigManager.start);
  try {
    const client = Config.for(spec.name);
    const put: PutOptions = { actor: actor(), ...putOptionsOf(options) };
    const result =
      change.what === "put"
        ? await client.put(parsePath(change.path, "put"), change.value, put)
        : await client.unset(parsePath(change.path, "unset"), put);
    return result === true ? { version: client.snapshot().version } : { version: result.version, preview: result };
  } finally {
    await supervisor.stop(tree);
  }
}

/** @throws Failure if another program holds the file of overrides */
async function started<P>(spec: ConfigSpec, start: (spec: ConfigSpec) => Promise<P>): Promise<P> {
  try {
    return await start(spec);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "locked") throw error;
    throw new Failure(`${(error as Error).message}; change the running program with --url`);
  }
}

function actor(): string {
  try {
    return `otpts-config:${userInfo().username}`;
  } catch {
    return "otpts-config";
  }
}
