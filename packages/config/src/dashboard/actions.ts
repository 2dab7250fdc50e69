/**
 * The actions of a visitor with write access. They use the same functions as the program itself: `Config.put`,
 * `supervisor`, `sys`.
 */
import { erlang, Exit, KILL, OtpError, Pid, SHUTDOWN, supervisor, sys } from "@otpts/runtime";
import { observer } from "@otpts/runtime/observer";
import { trace } from "@otpts/runtime/trace";
import { readJson } from "../core/json_reader.ts";
import { parsePath } from "../core/path.ts";
import { REDACTED } from "../core/secrets.ts";
import { ConfigConflictError, ConfigValidationError } from "../errors.ts";
import type { PutOptions } from "../protocol.ts";
import { writtenOf } from "../core/json_writer.ts";
import type { Context } from "./context.ts";
import { refusal } from "./guard.ts";
import type { Manager } from "./managers.ts";
import type { Visitor } from "./options.ts";
import { keyOf, textOf } from "./text.ts";
import { previewOf } from "./preview.ts";
import { pidOf } from "./views/processes.ts";

type Body = Readonly<Record<string, unknown>>;
type Action = (context: Context, body: Body, visitor: Visitor) => Promise<object>;

/** A request that cannot be carried out. */
class Unusable extends Error {}

const PATIENCE = 5_000;
/** Tracing a busy process without limits would overload it. */
const TRACED_EVENTS = 200;
const TRACED_FOR = 10_000;
const MOST_TRACES = 5;
let tracing = 0;

export const actions: Readonly<Record<string, Action>> = {
  "configuration/put": async ({ managers }, body, visitor) => {
    const manager = managers.named(nameIn(body));
    const path = textIn(body, "path");
    if (!Object.hasOwn(body, "value")) throw new Unusable("value is missing");
    if (writtenOf(body["value"]).includes(REDACTED))
      throw new Unusable(`the value contains ${REDACTED}, the placeholder of a secret`);
    return written(manager, await manager.client.put(parsePath(path), body["value"], optionsOf(body, visitor)), body);
  },
  "configuration/unset": async ({ managers }, body, visitor) => {
    const manager = managers.named(nameIn(body));
    return written(
      manager,
      await manager.client.unset(parsePath(textIn(body, "path")), optionsOf(body, visitor)),
      body,
    );
  },
  "changes/rollback": async ({ managers }, body, visitor) => {
    const manager = managers.named(nameIn(body));
    const { version } = body;
    if (typeof version !== "number") throw new Unusable("version must be a number");
    return written(manager, await manager.client.rollback(version, optionsOf(body, visitor)), body);
  },
  "sources/reload": async ({ managers }, body) => {
    const { changed, ...report } = await managers.named(nameIn(body)).client.reload();
    return { ...report, changed: changed.slice(0, 200) };
  },
  "processes/trace": async ({ hub, options }, body) => {
    const pid = processIn(body);
    if (!hub.watching) throw new Unusable("no page is open: open one first");
    if (tracing >= MOST_TRACES) throw new Unusable(`${MOST_TRACES} traces are already running`);
    const { events } = hub;
    const limits = { max_events: TRACED_EVENTS, time: TRACED_FOR };
    const traced = trace.process(pid, {
      ...limits,
      log: false,
      to: (event) => events.traced(event, options.show_state),
    });
    tracing++;
    void traced.ended.then(() => void tracing--);
    return { done: `traced for ${TRACED_FOR / 1_000} seconds or ${TRACED_EVENTS} events` };
  },
  "processes/suspend": async (_context, body) => {
    await sys.suspend(processIn(body), PATIENCE);
    return { done: "suspended" };
  },
  "processes/resume": async (_context, body) => {
    await sys.resume(processIn(body), PATIENCE);
    return { done: "resumed" };
  },
  "processes/restart": async (_context, body) => {
    const pid = confirmed(body);
    const { supervisor: parent, child_id } = placeOf(pid);
    if (child_id === undefined || supervisor.tree(parent)?.strategy === "simple_one_for_one") {
      // Its supervisor restarts it according to its specification.
      erlang.exit(pid, KILL);
      return { done: "ended: its supervisor starts it again if its specification says so" };
    }
    await supervisor.terminate_child(parent, child_id);
    const again = await supervisor.restart_child(parent, child_id);
    return { done: "restarted", pid: keyOf(startedAs(again)) };
  },
  "processes/stop": async (_context, body) => {
    const pid = confirmed(body);
    const details = observer.details(pid);
    const { supervisor: parent, child_id } = details ?? {};
    if (parent === undefined) {
      erlang.exit(pid, SHUTDOWN);
      return { done: "asked to end with reason shutdown" };
    }
    const simple = supervisor.tree(parent, { depth: 0 })?.strategy === "simple_one_for_one";
    await supervisor.terminate_child(parent, simple ? pid : child_id);
    return { done: "stopped: its specification stays, and restart starts it again" };
  },
  "processes/start": async (_context, body) => {
    const parent = pidOf(textIn(body, "supervisor"));
    if (parent === undefined) throw new Unusable("no such supervisor lives");
    const child = supervisor.tree(parent, { depth: 1 })?.children?.find(({ id }) => textOf(id, 80) === body["id"]);
    if (child === undefined) throw new Unusable("it has no child of this id");
    const again = await supervisor.restart_child(parent, child.id);
    return { done: "started", pid: keyOf(startedAs(again)) };
  },
};

/** Carries out an action and returns its outcome. */
export async function act(context: Context, name: string, request: Request, visitor: Visitor): Promise<Response> {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) return refusal(404, `there is no action "${name.slice(0, 100)}"`);
  try {
    const done = await action(context, await bodyOf(request), visitor);
    return new Response(writtenOf(done), { headers: { "content-type": "application/json" } });
  } catch (error) {
    return refused(context, error);
  }
}

function refused({ managers }: Context, error: unknown): Response {
  const outcome = (status: number, more: object = {}) =>
    Response.json({ error: managers.scrub(error instanceof Error ? error.message : "It failed"), ...more }, { status });
  if (error instanceof ConfigConflictError)
    return outcome(409, { conflict: { expected: error.expected, current: error.current } });
  if (error instanceof ConfigValidationError) {
    const problems = error.problems.map(({ path, message, origin }) => ({
      path,
      message: managers.scrub(message),
      origin,
    }));
    return outcome(422, { problems });
  }
  if (error instanceof Unusable || error instanceof RangeError || error instanceof TypeError) return outcome(400);
  if (error instanceof Exit || error instanceof OtpError) return outcome(503);
  return outcome(500);
}

/** The result of a write; the values of a dry run are texts for a page, or the complete values if `full` is set. */
function written(manager: Manager, result: unknown, { full }: Body): object {
  if (result === true) return { done: "committed", version: manager.client.snapshot().version };
  const { version, changes } = result as {
    version: number;
    changes: readonly { path: string; old_value: unknown; new_value: unknown }[];
  };
  return {
    preview: {
      version,
      changed: changes.length,
      changes:
        full === true
          ? changes
          : changes.slice(0, 500).map(({ path, old_value, new_value }) => ({
              path,
              old_value: old_value === undefined ? undefined : previewOf(old_value),
              new_value: new_value === undefined ? undefined : previewOf(new_value),
            })),
    },
  };
}

const LARGEST = 1_048_576;

async function bodyOf(request: Request): Promise<Body> {
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    size += value.length;
    if (size > LARGEST) {
      await reader?.cancel();
      throw new Unusable(`the body is longer than ${LARGEST} bytes`);
    }
    chunks.push(value);
  }
  if (size === 0 && Number(request.headers.get("content-length") ?? 0) > 0)
    throw new Unusable("the body has already been read: mount the dashboard before any body parser");
  let body: unknown;
  try {
    // No digits are lost.
    body = readJson(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks))).value;
  } catch {
    throw new Unusable("the body is not JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new Unusable("the body must be an object");
  return body as Body;
}

function optionsOf(body: Body, { user }: Visitor): PutOptions {
  const { reason, if_version, dry_run } = body;
  if (if_version !== undefined && typeof if_version !== "number") throw new Unusable("if_version must be a number");
  if (reason !== undefined && typeof reason !== "string") throw new Unusable("reason must be a text");
  return {
    actor: user === undefined ? "dashboard" : `dashboard:${user}`,
    ...(reason === undefined || reason === "" ? {} : { reason: reason.slice(0, 1_000) }),
    ...(if_version === undefined ? {} : { if_version }),
    ...(dry_run === true ? { dry_run: true } : {}),
  };
}

function textIn(body: Body, key: string): string {
  const value = body[key];
  if (typeof value !== "string" || value === "") throw new Unusable(`${key} must be a text`);
  return value;
}

function nameIn(body: Body): string | null {
  const { manager } = body;
  return typeof manager === "string" ? manager : null;
}

function processIn(body: Body): Pid {
  const pid = pidOf(textIn(body, "pid"));
  if (pid === undefined) throw new Unusable("no process of this pid lives");
  return pid;
}

// Irreversible actions must be confirmed by typing.
function confirmed(body: Body): Pid {
  const pid = processIn(body);
  const name = observer.details(pid)?.name;
  const { confirm } = body;
  if (confirm !== keyOf(pid) && (name === undefined || confirm !== name))
    throw new Unusable(
      `confirm must be ${name === undefined ? "" : `the process's name "${name}" or `}its pid "${keyOf(pid)}"`,
    );
  return pid;
}

function startedAs(started: supervisor.StartedChild): Pid | undefined {
  return started === undefined || started instanceof Pid ? started : started[0];
}

function placeOf(pid: Pid): { supervisor: Pid; child_id: unknown } {
  const { supervisor: parent, child_id } = observer.details(pid) ?? {};
  if (parent === undefined) throw new Unusable("it is not a supervisor's child: it would not be started again");
  return { supervisor: parent, child_id };
}
