/** The orders that both web servers offer, held by one slow gen_server. */
import { erlang, gen_server, OK, NOREPLY, supervisor } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";

interface Order {
  readonly id: string;
  readonly taken: number;
}

const desk = {
  init: () => [OK, 0] as const,
  handle_call: (id: string, from: gen_server.From, taken: number) => {
    // The bank takes a moment, and the server accepts other orders meanwhile.
    const answer = async () => {
      await erlang.sleep(Number(process.env["BANK_MS"] ?? 50));
      gen_server.reply(from, { id, taken } satisfies Order);
    };
    erlang.spawn(answer);
    if ((taken + 1) % 1_000 === 0) console.log(`${taken + 1} orders taken`);
    return [NOREPLY, taken + 1] as const;
  },
};

/** Accepts an order. */
export async function place(id: string): Promise<Order> {
  return (await gen_server.call("orders", id)) as Order;
}

/** The application behind the web server. */
export const orders = application.define({
  name: "orders",
  description: "Takes orders",
  start: () =>
    supervisor.start_link([
      supervisor.child_spec({ id: "orders", task: () => gen_server.start_link(desk, undefined, { name: "orders" }) }),
    ]),
});
