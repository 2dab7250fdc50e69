/**
 * One instance of an application that runs on many machines. Its settings are in Consul, and every instance follows
 * them.
 *
 * It is started by `child_process.fork`, reports what happens to its parent, does what its parent requests, and ends
 * with it.
 */
import { Config, ConfigManager, ConfigSpec, ConsulSource, type Value } from "@otpts/config";
import { logger, supervisor, telemetry } from "@otpts/runtime";

/** The requests of the parent. The reply to each is `{ answer: id, … }`. */
export type Ask =
  | { readonly id: number; readonly do: "put"; readonly path: string; readonly value: Value }
  | { readonly id: number; readonly do: "get"; readonly path: string }
  | { readonly id: number; readonly do: "status" }
  | { readonly id: number; readonly do: "stop" };

/** The reports of an instance. */
export type Told =
  | { readonly ready: true; readonly limits: Value | undefined }
  /** A subscriber was called at this time, in milliseconds since 1970, with fractions. */
  | { readonly changed: string; readonly value: Value | undefined; readonly at: number }
  /** The values in Consul were refused; the last good configuration stays. */
  | { readonly refused: string }
  /** Consul does not respond; the last good configuration stays. */
  | { readonly lost: string }
  | { readonly recovered: true }
  | Answer;

export interface Answer {
  readonly answer: number;
  readonly value?: unknown;
  readonly error?: string;
}

logger.set_handler(undefined);
const tell = (told: Told) => process.send?.(told);
const now = () => performance.timeOrigin + performance.now();

/** Both settings change together or not at all, and only to a valid combination. */
function check_limits(limits: Value): string | true {
  const { requests, window } = limits as { requests?: unknown; window?: unknown };
  if (typeof requests !== "number" || requests <= 0) return "requests must be a positive number";
  return requests === Number(window) * 10 || "requests must be ten times the window";
}

const config_spec = new ConfigSpec({
  id: "fleet",
  sources: [
    new ConsulSource(process.env["FLEET_PREFIX"] ?? "fleet", {
      layout: process.env["FLEET_LAYOUT"] === "blob" ? "blob" : "keys",
      write_through: true,
    }),
  ],
  reload_interval: 30.0,
  validators: { limits: check_limits },
});

telemetry.attach("fleet", "config.validation_failed", (_event, _measurements, metadata) => {
  const { problems } = metadata as { problems: readonly { message: string }[] };
  tell({ refused: problems.map(({ message }) => message).join("; ") });
});
telemetry.attach("fleet-lost", "config.source_error", (_event, _measurements, metadata) => {
  tell({ lost: (metadata as { error: string }).error });
});
telemetry.attach("fleet-found", "config.source_recovered", () => tell({ recovered: true }));

const top = await supervisor.start([
  supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
]);
await Config.subscribe("limits", (path, _old_value, new_value) => {
  tell({ changed: path, value: new_value, at: now() });
});

process.on("message", (ask: Ask) => void answer(ask));
process.on("disconnect", () => process.exit());
tell({ ready: true, limits: (await Config.get("limits")) as Value | undefined });

async function answer(ask: Ask): Promise<void> {
  try {
    tell({ answer: ask.id, value: await done(ask) });
  } catch (error) {
    tell({ answer: ask.id, error: (error as Error).message });
  }
  if (ask.do === "stop") process.disconnect();
}

async function done(ask: Ask): Promise<unknown> {
  switch (ask.do) {
    case "put":
      return await Config.put(ask.path, ask.value);
    case "get":
      return await Config.get(ask.path);
    case "status":
      return await Config.status();
    case "stop":
      return void (await supervisor.stop(top));
  }
}
