import { gen_server, supervisor } from "@otpts/runtime";
import { writtenOf } from "../core/json_writer.ts";
import { answers } from "../answers/answers.ts";
import { act } from "./actions.ts";
import { assetOf } from "./assets.ts";
import type { Context, ViewOf } from "./context.ts";
import { Guard, refusal } from "./guard.ts";
import { healthOf, readiness } from "./health.ts";
import { Hub } from "./hub.ts";
import { type Manager, Managers } from "./managers.ts";
import { metrics } from "./metrics.ts";
import { CONTENT_TYPE } from "./prometheus.ts";
import { checkOptions, type Checked, type Dashboard, type DashboardOptions, type Visitor } from "./options.ts";
import { nodeListener, Served } from "./served.ts";
import { HEADERS, shell } from "./shell.ts";
import { Stream } from "./stream.ts";
import { changes } from "./views/changes.ts";
import { configuration } from "./views/configuration.ts";
import { events } from "./views/events.ts";
import { overview } from "./views/overview.ts";
import { processes } from "./views/processes.ts";
import { sources } from "./views/sources.ts";

/** The pages by the last part of their address, which is empty for the first one. */
const VIEWS: Readonly<Record<string, ViewOf>> = { "": overview, processes, configuration, changes, sources, events };

/**
 * Makes a dashboard: a page that shows the running program, and controls it if that is allowed. It costs nothing
 * without viewers.
 *
 * Only this machine has access, unless `authorize` decides otherwise; it is read-only, unless `read_only` is false;
 * secrets of the configuration never reach it. Needs `hono`, `preact` and `htm`, and `@hono/node-server` to listen on
 * its own.
 *
 * @throws TypeError for invalid options
 *
 * @example
 * const shown = dashboard({ base: "/otp" });
 * app.all("/otp/*", (c) => shown.fetch(c.req.raw, c.env)).get("/otp", (c) => shown.fetch(c.req.raw, c.env)); // Hono
 * supervisor.start([..., dashboard({ read_only: false }).child_spec]);    // alone: prints its address
 */
export function dashboard(options: DashboardOptions = {}): Dashboard {
  const checked = checkOptions(options);
  const managers = new Managers(checked.managers);
  const context: Context = { options: checked, managers, hub: new Hub(managers) };
  const guard = new Guard(checked);
  let app: Promise<App> | undefined;
  const fetch = async (request: Request, connection?: unknown): Promise<Response> => {
    app ??= routes(context, guard);
    let response: Response;
    try {
      response = await (await app)(request, connection);
    } catch (error) {
      // A missing library may be installed meanwhile.
      app = undefined;
      response = Response.json({ error: managers.scrub((error as Error).message) }, { status: 500 });
    }
    for (const [name, value] of Object.entries(HEADERS))
      if (name !== "cache-control" || !response.headers.has(name)) response.headers.set(name, value);
    return response;
  };
  const served = { fetch, guard, options: checked, close: () => context.hub.close() };
  return {
    fetch,
    node: nodeListener(fetch),
    child_spec: supervisor.child_spec({
      id: "dashboard",
      task: () => gen_server.start_link(Served, served),
    }),
    close: () => context.hub.close(),
  };
}

type App = (request: Request, connection: unknown) => Promise<Response>;

async function routes(context: Context, guard: Guard): Promise<App> {
  const { Hono } = await hono();
  const app = new Hono<{ Bindings: { visitor: Visitor } }>();
  const { options, managers, hub } = context;

  app.get("/health", async (c) => {
    const found = await Promise.all(managers.all.map(healthOf));
    const all = found.map((health) => ({ ...health, status: undefined }));
    return c.json({ status: all.every(({ state }) => state === "ok") ? "ok" : "degraded", managers: all });
  });
  app.get("/ready", async (c) => {
    const { ready, why } = await readiness(managers);
    return c.json({ ready, why: why.map((one) => managers.scrub(one)) }, ready ? 200 : 503);
  });
  app.get("/metrics", async () => new Response(await metrics(context), { headers: { "content-type": CONTENT_TYPE } }));
  app.get("/assets/:name", async (c) => {
    const asset = await assetOf(c.req.param("name"));
    if (asset === undefined) return refusal(404, "there is no such file");
    const headers = { etag: asset.etag, "cache-control": "no-cache", "content-type": asset.type };
    if (c.req.header("if-none-match") === asset.etag) return new Response(null, { status: 304, headers });
    return new Response(asset.body, { headers });
  });
  app.get("/stream", (c) => {
    const query = new URL(c.req.url).searchParams;
    const view = pageOf(query.get("page") ?? "");
    if (view === undefined) return refusal(404, "there is no such page");
    if (hub.full) return refusal(503, "too many pages are open");
    const resumed = c.req.header("last-event-id") ?? query.get("last_event_id");
    const { visitor } = c.env;
    const data = async () => {
      try {
        await managers.find();
        return await view(context, query, visitor);
      } catch (error) {
        throw new Error(managers.scrub((error as Error).message));
      }
    };
    return new Stream(hub, data, query.get("page") === "events", resumed, c.req.raw.signal).response;
  });
  app.get("/answers/:name", (c) => {
    const query = new URL(c.req.url).searchParams;
    return answered(managers.named(query.get("manager")), c.req.param("name"), query);
  });
  for (const [page, view] of Object.entries(VIEWS)) {
    app.get(`/${page}`, async (c) => {
      const query = new URL(c.req.url).searchParams;
      const data = (await view(context, query, c.env.visitor)) as object;
      if (!(c.req.header("accept") ?? "").includes("text/html")) return c.json(data);
      const token = guard.tokenFor(c.env.visitor, query.get("token") ?? undefined);
      const { user } = c.env.visitor;
      return c.html(
        shell({
          title: options.title,
          page,
          pages: Object.keys(VIEWS),
          read_only: options.read_only,
          user,
          token,
          forbidden: c.env.visitor.write === false,
          run: hub.boot,
          data,
        }),
      );
    });
  }
  app.post("/:page/:action", (c) => {
    const refused = guard.refusedWrite(c.req.raw, c.env.visitor);
    return refused ?? act(context, `${c.req.param("page")}/${c.req.param("action")}`, c.req.raw, c.env.visitor);
  });
  app.notFound(() => refusal(404, "there is no such page"));
  app.onError((error) => {
    if (error instanceof RangeError) return refusal(404, managers.scrub(error.message));
    return Response.json({ error: managers.scrub(error.message) }, { status: 500 });
  });

  return async (request, connection) => {
    const admitted = await guard.admit(request, connection);
    if (admitted instanceof Response) return new Response(admitted.body, admitted);
    await managers.find();
    const inner = within(request, options);
    if (inner instanceof Response) return inner;
    return app.fetch(inner, { visitor: admitted.visitor });
  };
}

/** Answers a program's request about a manager's configuration. */
async function answered({ name, state }: Manager, what: string, query: URLSearchParams): Promise<Response> {
  const answer = Object.hasOwn(answers, what) ? answers[what] : undefined;
  if (answer === undefined)
    return refusal(404, `there is no answer "${what.slice(0, 100)}", only ${Object.keys(answers).join(", ")}`);
  if (state === undefined) return refusal(503, `no configuration manager "${name}" runs yet`);
  try {
    return new Response(writtenOf(await answer(state, query)), { headers: { "content-type": "application/json" } });
  } catch (error) {
    if (error instanceof TypeError) return Response.json({ error: error.message }, { status: 400 });
    throw error;
  }
}

function pageOf(page: string): ViewOf | undefined {
  return Object.hasOwn(VIEWS, page) ? VIEWS[page] : undefined;
}

// The request without the path that the dashboard is mounted under.
function within(request: Request, { base }: Checked): Request | Response {
  const url = new URL(request.url);
  if (base === "" || (url.pathname !== base && !url.pathname.startsWith(`${base}/`))) return request;
  if (url.pathname === base) return new Response(null, { status: 308, headers: { location: `${base}/${url.search}` } });
  url.pathname = url.pathname.slice(base.length);
  return new Request(url, request);
}

async function hono(): Promise<typeof import("hono")> {
  try {
    return await import("hono");
  } catch (cause) {
    throw new Error(
      "Cannot serve the dashboard: hono is not installed. It needs hono, preact and htm: npm install hono preact htm",
      { cause },
    );
  }
}
