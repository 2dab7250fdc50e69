/**
 * A small shop to watch in the dashboard: customers order, a bank responds slowly, and settings control how often, how
 * long, and what fails. Change `bank.delay`, `orders.fail` or `crowd.size` on the page and watch the effect.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Config,
  ConfigManager,
  ConfigSpec,
  ConfigValidationError,
  EnvironmentSource,
  FileSource,
  RuntimeSource,
} from "@otpts/config";
import { dashboard } from "@otpts/config/dashboard";
import { erlang, gen_server, NOREPLY, OK, REPLY, STOP, supervisor } from "@otpts/runtime";

const directory = await mkdtemp(join(tmpdir(), "shop-"));
const file = join(directory, "shop.toml");
await writeFile(
  file,
  `[shop]
name = "Corner shop"
currency = "EUR"

[customers]
every = 50          # milliseconds

[bank]
delay = 20          # milliseconds
api_key = "k-4711-do-not-show"
url = "https://shop:hunter2@bank.example/api"

[orders]
fail = false
limit = 100

[crowd]
size = 0
`,
);

/** Replies after a delay, like a bank. */
const bank = {
  name: "Bank",
  init: () => [OK, 0] as const,
  handle_call: async (_request: readonly ["pay", number], _from: gen_server.From, paid: number) => {
    await erlang.sleep(Config.peek("bank.delay", 20));
    return [REPLY, "paid", paid + 1] as const;
  },
};

/** Accepts orders, and fails if the settings say so. */
const orders = {
  name: "Orders",
  init: () => [OK, 0] as const,
  handle_cast: async (order: readonly ["order", number], taken: number) => {
    if (Config.peek("orders.fail", false)) return [STOP, `order ${order[1]} cannot be read`, taken] as const;
    if (order[1] % 5 === 0) await gen_server.call("bank", ["pay", order[1]] as never, 60_000);
    return [NOREPLY, taken + 1] as const;
  },
};

/** Orders repeatedly. */
const customers = {
  name: "Customers",
  init: () => {
    erlang.send_after(100, erlang.self(), "order");
    return [OK, 1] as const;
  },
  handle_info: (_message: "order", number: number) => {
    if (erlang.whereis("orders") !== undefined) gen_server.cast("orders" as never, ["order", number] as never);
    erlang.send_after(Config.peek("customers.every", 50), erlang.self(), "order");
    return [NOREPLY, number + 1] as const;
  },
};

/** One of many idle processes. */
const idle = { name: "Visitor", init: () => [OK, 0] as const };

function validate_bank(bank: unknown): void {
  const { delay } = (bank ?? {}) as { delay?: unknown };
  if (typeof delay !== "number" || delay < 0 || delay > 10_000)
    throw new ConfigValidationError("delay must be from 0 to 10,000 milliseconds");
}

const spec = new ConfigSpec({
  id: "shop_config",
  sources: [
    new FileSource(file),
    new EnvironmentSource({ prefix: "SHOP_" }),
    new RuntimeSource({ file: process.env["OVERRIDES"] ?? join(directory, "overrides.json") }),
  ],
  reload_interval: 0,
  validators: { bank: validate_bank },
});

const server = (id: string, module: object) =>
  supervisor.child_spec({
    id,
    task: () => gen_server.start_link(module as typeof bank, undefined as never, { name: id }),
  });

const top = await supervisor.start(
  [
    supervisor.child_spec({ id: "config", type: "supervisor", task: ConfigManager.start, args: [spec] }),
    supervisor.child_spec({
      id: "counter",
      type: "supervisor",
      task: () =>
        supervisor.start_link([server("bank", bank), server("orders", orders), server("customers", customers)], {
          name: "sales",
          strategy: "rest_for_one",
          max_restarts: 1_000,
        }),
    }),
    supervisor.child_spec({
      id: "crowd",
      type: "supervisor",
      task: () =>
        supervisor.start_link(
          [
            supervisor.child_spec({
              id: "visitor",
              task: () => gen_server.start_link(idle as never, undefined as never),
            }),
          ],
          {
            name: "crowd",
            strategy: "simple_one_for_one",
          },
        ),
    }),
    dashboard({
      config: spec,
      title: "Corner shop",
      read_only: process.env["READ_ONLY"] === "1",
      show_state: true,
      port: Number(process.env["DASHBOARD_PORT"] ?? 0),
    }).child_spec,
  ],
  { name: "shop", signals: { exit: false } },
);

await Config.subscribe("crowd.size", async (_path, _old, size) => {
  const { length } = await supervisor.which_children("crowd");
  for (let missing = Number(size) - length; missing > 0; missing--) await supervisor.start_child("crowd", []);
});
await Config.subscribe("bank.*", function told_of_the_bank() {});

console.log(`edit ${file}`);
await supervisor.ended(top);
await rm(directory, { recursive: true, force: true });
