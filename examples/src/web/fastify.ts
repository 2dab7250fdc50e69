/**
 * A web server with Fastify that loses no request when it is stopped: run `node dist/web/fastify.js`, then `kill` it.
 *
 * The server is drained before Fastify is closed: `app.close()` alone responds with 503 to requests on connections that
 * were kept alive.
 */
import fastify from "fastify";
import { gen_server, OK, erlang, supervisor, TRAP_EXIT } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { orders, place } from "./orders.ts";

const app = fastify();
const http = application.drainable(app.server);
const probe = application.probes();

app.post<{ Params: { id: string } }>("/orders/:id", ({ params }) => place(params.id));
for (const path of ["/livez", "/readyz"]) {
  app.get(path, async (_request, reply) => {
    const { status, headers, body } = await probe(new Request(`http://localhost${path}`));
    return reply.code(status).headers(Object.fromEntries(headers)).send(body);
  });
}

/** The server as a child: it listens when it has started, and is closed when it stops. */
const listener = {
  init: async () => {
    erlang.process_flag(TRAP_EXIT, true);
    await app.listen({ port: Number(process.env["PORT"] ?? 0), host: "127.0.0.1" });
    return [OK, undefined] as const;
  },
  terminate: () => app.close(),
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
const address = app.server.address();
if (typeof address === "object") console.log(`listening on ${address?.port}`);
