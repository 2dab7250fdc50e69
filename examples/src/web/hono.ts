/** A web server with Hono that loses no request when it is stopped: run `node dist/web/hono.js`, then `kill` it. */
import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { erlang, gen_server, OK, supervisor, TRAP_EXIT } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { orders, place } from "./orders.ts";

const app = new Hono();
const probe = application.probes();
app.post("/orders/:id", async (context) => context.json(await place(context.req.param("id"))));
app.get("/livez", (context) => probe(context.req.raw));
app.get("/readyz", (context) => probe(context.req.raw));

const server = createAdaptorServer({ fetch: app.fetch }) as Server;
const http = application.drainable(server);

/** The server as a child: it listens when it has started, and is closed when it stops. */
const listener = {
  init: async () => {
    erlang.process_flag(TRAP_EXIT, true);
    server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1");
    await once(server, "listening");
    return [OK, undefined] as const;
  },
  terminate: () => {
    server.close();
    server.closeAllConnections();
  },
};

const web = application.define({
  name: "web",
  applications: [orders],
  start: () =>
    supervisor.start_link([
      supervisor.child_spec({ id: "http", task: () => gen_server.start_link(listener, undefined) }),
    ]),
  drain: (_state, context) => http.drain(context),
});

await application.run(web);
const address = server.address();
if (typeof address === "object") console.log(`listening on ${address?.port}`);
