import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { erlang, gen_server, logger, sys, telemetry } from "@otpts/runtime";
import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import {
  Config,
  ConfigManager,
  ConfigSpec,
  EnvironmentSource,
  FileSource,
  SOURCE_UPDATE,
  TemplateSource,
} from "../../src/index.ts";
import { EVENT } from "../../src/manager/messages.ts";
import { eachAlone, eventually, managerOf, ScriptedSource, started } from "./kit.ts";

eachAlone();

/** Everything a manager says, in one text. */
function listen(): { readonly said: () => string; readonly note: (what: unknown) => void } {
  const all: string[] = [];
  const note = (what: unknown): void => {
    all.push(
      what instanceof Error
        ? `${what.stack ?? what.message} ${inspect(what, { depth: 20 })}`
        : inspect(what, { depth: 20, maxStringLength: null, maxArrayLength: null }),
    );
  };
  telemetry.attach("everything", "**", (...event) => note(event));
  logger.set_handler((report) => {
    note([report.event, report.text]);
    note(report.details);
  });
  onTestFinished(() => void telemetry.detach("everything"));
  return { said: () => all.join("\n"), note };
}

const PLANTED = {
  file: "planted-in-file",
  env: "planted-in-env",
  template: "planted-in-template",
  put: "planted-by-put",
  update: "planted-by-update",
  own: "planted-under-own-pattern",
  schema: "planted-where-the-schema-says",
};

test("no planted secret appears in telemetry, errors, status, explanations, logs or crash reports", async () => {
  const { said, note } = listen();
  const directory = await mkdtemp(join(tmpdir(), "secrets-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "config.toml");
  const template = join(directory, "template.toml");
  await writeFile(
    file,
    `[db]\nhost = "h"\npassword = "${PLANTED.file}"\n[api]\nkey = "${PLANTED.own}"\nmarked = "${PLANTED.schema}"\n`,
  );
  await writeFile(template, '[t]\ntoken = "${SECRET_TOKEN}"\n');
  const schema = z.looseObject({ api: z.looseObject({ marked: z.string().meta({ secret: true }) }).optional() });
  let crash = false;
  const spec = new ConfigSpec({
    sources: [
      new FileSource(file),
      new TemplateSource(template),
      new EnvironmentSource({ prefix: "MYAPP_" }),
      new ScriptedSource("scripted", { a: 1 }),
    ],
    env: { MYAPP_DB_SECRET: PLANTED.env, SECRET_TOKEN: PLANTED.template },
    schema,
    secrets: ["api.key"],
    validators: {
      "db.password": (value) => (value === "fine" ? true : `${value as string} is too weak`),
      "db.*": (value) => {
        if (crash) throw new Error(`cannot check ${String(value as string)}`);
      },
      db: (value) => (crash ? `broken: ${JSON.stringify(value)}` : true),
    },
  });
  const refused = await ConfigManager.start(spec).catch((error: unknown) => error);
  note(refused);
  expect(String(refused)).toContain("db.password");

  await writeFile(
    file,
    `[db]\nhost = "h"\npassword = "fine"\n[api]\nkey = "${PLANTED.own}"\nmarked = "${PLANTED.schema}"\n`,
  );
  await started(spec);
  expect(await Config.get("t.token")).toBe(PLANTED.template);
  await Config.subscribe("db", (_path, _old, value) => {
    throw new Error(`callback got ${JSON.stringify(value)}`);
  });

  note(await Config.put("db.token", PLANTED.put));
  note(await Config.put("db", { password: "fine", secret: { deep: [PLANTED.put] } }));
  note(await Config.put("db.password", PLANTED.put).catch((error: unknown) => error));
  crash = true;
  note(await Config.put("db.secret", PLANTED.put).catch((error: unknown) => error));
  note(await Config.merge("db", { secret: PLANTED.put, token: { x: PLANTED.put } }).catch((error: unknown) => error));
  crash = false;
  note(await Config.put("api.marked", { not: PLANTED.schema }).catch((error: unknown) => error));
  await writeFile(file, `[db]\npassword = "${PLANTED.file}"\n`);
  note(await Config.reload().catch((error: unknown) => error));
  await writeFile(file, `[db]\npassword = "${PLANTED.file}`);
  note(await Config.reload().catch((error: unknown) => error));
  gen_server.cast("config_manager", [SOURCE_UPDATE, "scripted", { password: PLANTED.update }]);
  note(await Config.status());
  for (const path of [
    "db",
    "db.password",
    "db.secret",
    "db.secret.deep",
    "t",
    "t.token",
    "api",
    "api.key",
    "api.marked",
  ]) {
    note(await Config.explain(path));
  }
  note(await Config.explain([]));
  note(await sys.get_status("config_manager"));

  // A crash report of the manager, with a secret in its last message.
  const pid = managerOf();
  await sys.replace_state("config_manager", (state) => ({ ...(state as object), store: undefined }));
  erlang.send(pid, [EVENT, { type: "prepared", change: 0, outcome: { prepared: PLANTED.put } }]);
  await eventually(() => erlang.whereis("config_manager") !== undefined && managerOf() !== pid);
  note(await Config.status());

  const text = said();
  expect(text).toContain("config.subscriber_error");
  expect(text).toContain("config.validation_failed");
  expect(text).toContain("config.source_error");
  expect(text).toContain("[redacted]");
  expect(text).toContain("terminating");
  for (const secret of Object.values(PLANTED)) expect(text.includes(secret) ? secret : "").toBe("");
});

test("a schema whose message quotes its input reveals no secret", async () => {
  const { said, note } = listen();
  const schema = v.object({ password: v.number(), other: v.optional(v.number()) });
  await started(new ConfigSpec({ sources: [new ScriptedSource("x", { password: 1234567 })], schema }));
  note(await Config.put("password", "hunter22").catch((error: unknown) => error));
  note(await Config.put("other", 1234567).catch((error: unknown) => error));
  note(await Config.put("other", "is 1234567 right?").catch((error: unknown) => error));
  expect(said()).toContain("is not valid (the problem is not shown, as the value is secret)");
  expect(said()).not.toContain("hunter22");
  expect(said()).not.toContain("1234567 right");
});

test("a failing callback reveals neither the secret it received nor the one before", async () => {
  await started(new ConfigSpec({ sources: [new ScriptedSource("base", { db: { password: "the-first-one" } })] }));
  const { said } = listen();
  for (const pattern of ["db.password", "db"]) {
    await Config.subscribe(pattern, (_path, old_value, new_value) => {
      throw new Error(`Cannot go from ${JSON.stringify(old_value)} to ${JSON.stringify(new_value)}`);
    });
  }
  await Config.put("db.password", "the-second-one");
  await Config.put("db.password", "the-third-one");
  await Config.unset("db.password");
  expect(said()).toContain('Cannot go from "[redacted]" to "[redacted]"');
  expect(said()).not.toMatch(/the-first-one|the-second-one|the-third-one/);
});
