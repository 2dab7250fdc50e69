// What a user's program does, for the bundlers: its output must be the same, bundled or not. The folder to work in is argv[2].
import { subscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Config, ConfigManager, ConfigSpec, ConfigValidationError, EnvironmentSource, FileSource } from "@otpts/config";
import {
  Atom,
  atoms,
  erlang,
  Exit,
  gen_server,
  logger,
  NOPROC,
  OK,
  OtpError,
  REPLY,
  STOP,
  supervisor,
  telemetry,
  TIMEOUT,
} from "@otpts/runtime";

const say = (...values) => console.log(...values);
const plain = (text) => text.replaceAll(/<0\.\d+\.\d+>/g, "PID").replaceAll(/\n\s+at .*/g, "");

const bank = {
  name: "bank",
  init: (balance) => [OK, { balance }],
  handle_call(request, _from, account) {
    switch (request) {
      case "balance":
        return [REPLY, account.balance, account];
      case "crash":
        throw new TypeError("no such account");
      case "wrong":
        return ["reply", 1, account];
      case "stop":
        return [STOP, "closed", account];
      case "later":
        return erlang.sleep(5).then(() => [REPLY, erlang.whereis("bank") === erlang.self(), account]);
      default:
        return { reply: 1 };
    }
  },
};

async function runtime() {
  const events = [];
  for (const event of ["process_crash", "child_terminated"])
    subscribe(`otpts:otp.${event}`, ({ event: name, metadata }) => events.push([name, metadata.level]));
  logger.set_handler(({ level, event, text }) => say(level, event, plain(text).split("\n").slice(0, 2).join(" | ")));
  const top = await supervisor.start([{ id: "bank", task: () => gen_server.start_link(bank, 100, { name: "bank" }) }], {
    name: "top",
    max_restarts: 10,
  });
  say(await gen_server.call("bank", "balance"), await gen_server.call("bank", "later"));
  for (const request of ["crash", "wrong", "stop"]) {
    const error = await gen_server.call("bank", request).catch((thrown) => thrown);
    say(Exit.is(error), error.name, error instanceof Error, plain(error.message));
    while (erlang.whereis("bank") === undefined) await erlang.sleep(1);
  }
  say(events);
  const crash = await gen_server.call("bank", "crash").catch((thrown) => thrown);
  say(Exit.is(crash, TypeError), Exit.is(crash, NOPROC), crash.cause instanceof TypeError);
  while (erlang.whereis("bank") === undefined) await erlang.sleep(1);
  const taken = await gen_server.start(bank, 1, { name: "bank" }).catch((thrown) => thrown);
  say(OtpError.is(taken, atoms.ALREADY_STARTED), plain(taken.message));
  const late = await gen_server
    .call(
      erlang.spawn(() => erlang.receive(() => false)),
      1,
      5,
    )
    .catch((thrown) => thrown);
  say(Exit.is(late, TIMEOUT), TIMEOUT instanceof Atom, String(TIMEOUT));
  let heard = 0;
  telemetry.attach("heard", "bank.*", () => heard++);
  telemetry.emit("bank.opened");
  say(heard, (await supervisor.which_children(top)).length);
  await supervisor.stop(top);
}

async function configuration(folder) {
  writeFileSync(join(folder, "a.toml"), 'log_level = "info"\n[database]\nurl = "postgres://localhost"\nport = 1\n');
  writeFileSync(join(folder, "b.json"), '{ "database": { "port": 5432 }, "list": [1, 2] }');
  writeFileSync(join(folder, "c.yaml"), "base: &base\n  retries: 3\nservice:\n  <<: *base\n  name: api\n");
  process.env.BUNDLED_DATABASE_POOL = "7";
  const spec = new ConfigSpec({
    id: "bundled",
    sources: [
      ...["a.toml", "b.json", "c.yaml"].map((name) => new FileSource(join(folder, name))),
      new EnvironmentSource({ prefix: "BUNDLED_" }),
    ],
    validators: {
      "database.port": (port) => {
        if (port > 65_535) throw new Error("no port");
      },
    },
  });
  const top = await supervisor.start([
    supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec] }),
  ]);
  say(await Config.get("database"), await Config.get("service"), await Config.get("list"));
  const changes = [];
  await Config.subscribe("database.*", (path, before, after) => changes.push([path, before, after]));
  await Config.put("database.port", 1234);
  say(changes);
  const refused = await Config.put("database.port", 70_000).catch((thrown) => thrown);
  say(refused instanceof ConfigValidationError, refused.name, refused.message);
  writeFileSync(
    join(folder, "a.toml"),
    `log_level = "debug"\n[database]\nurl = "x"\n[many]\n${Array.from({ length: 20_000 }, (_, n) => `k${n} = "${"v".repeat(50)}"`).join("\n")}\n`,
  );
  await Config.reload();
  say(await Config.get("log_level"), await Config.get("many.k19999").then((value) => value.length));
  await supervisor.stop(top);
}

async function main() {
  await runtime();
  await configuration(process.argv[2]);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
