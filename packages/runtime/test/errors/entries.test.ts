/** Mistakes in the use of the separate entries: each is refused at once, with what is needed. */
import { gen_server, logger, supervisor, telemetry } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { otel } from "@otpts/runtime/otel";
import { observer } from "@otpts/runtime/observer";
import { pg } from "@otpts/runtime/pg";
import { registry } from "@otpts/runtime/registry";
import { task, task_supervisor } from "@otpts/runtime/task";
import { testing } from "@otpts/runtime/testing";
import { expect, test } from "vitest";
import { inside, reports } from "../kit/inside.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- values that the types refuse are given on purpose
type Any = any;
const wrong = (value: unknown): Any => value;
const NEEDS = "this code does not run inside a process. Do it in a process";

test.each<[string, () => unknown, string]>([
  ["task.async", () => task.async(wrong(5)), "Cannot start a task: a function is needed, got 5"],
  ["task.async", () => task.async(wrong(Promise.resolve())), "got [Promise]; it is a promise: await it first"],
  ["task.await_many", () => task.await_many(wrong(5)), "Cannot await_many: an array of tasks is needed, got 5"],
  ["task.yield_many", () => task.yield_many(wrong(5)), "Cannot yield_many: an array of tasks is needed, got 5"],
  ["task.start_link", () => task.start_link(() => 1), `Cannot do task.start_link here: ${NEEDS}`],
  ["task_supervisor.async", () => task_supervisor.async("x", wrong(5)), "a function is needed, got 5"],
  ["task_supervisor.async_nolink", () => task_supervisor.async_nolink("x", wrong(5)), "a function is needed, got 5"],
  ["task_supervisor.start_child", () => task_supervisor.start_child("x", wrong(5)), "a function is needed, got 5"],
  [
    "application.define",
    () => application.define(wrong({ name: "web", applications: ["orders"] })),
    `Cannot start application "web": applications must be an array of applications, got [ 'orders' ]`,
  ],
  [
    "application.run",
    () => application.run(wrong(undefined)),
    "Cannot start an application: it must be an object with name,",
  ],
  [
    "application.run",
    () => application.run({ name: "web" }, wrong({ exit: "no" })),
    'Cannot run a program: exit must be true or false, got "no"',
  ],
  [
    "application.run",
    () => application.run({ name: "web" }, wrong({ signals: { exit: false } })),
    "Cannot run a program: signals must be true or false, got { exit: false }",
  ],
  [
    "application.get_application",
    () => application.get_application(wrong("web")),
    'Cannot look up the application of "web": a pid is needed (use erlang.whereis for a name)',
  ],
  ["pg.monitor", () => pg.monitor("group"), `Cannot do pg.monitor here: ${NEEDS}`],
  ["pg.monitor_scope", () => pg.monitor_scope(), `Cannot do pg.monitor_scope here: ${NEEDS}`],
  ["registry.register", () => registry.register("names", 1), `Cannot do registry.register here: ${NEEDS}`],
  ["registry.unregister", () => registry.unregister("names", 1), `Cannot do registry.unregister here: ${NEEDS}`],
  [
    "registry.select",
    () => registry.select("names", wrong(5)),
    'Cannot select in "names": a function is needed, got 5',
  ],
  ["registry.dispatch", () => registry.dispatch("names", 1, wrong(5)), "a function is needed, got 5"],
  [
    "registry.update_value",
    () => inside(() => registry.update_value("names", 1, wrong(5))),
    'Cannot update a value in "names": a function is needed, got 5',
  ],
  ["observer.find", () => observer.find(wrong({ serach: "x" })), 'there is no option "serach" (did you mean search?)'],
  ["observer.trees", () => observer.trees(wrong({ dept: 1 })), 'there is no option "dept" (did you mean depth?)'],
  [
    "logger.report",
    () => logger.report(wrong("warn"), "x", wrong(1), wrong(1)),
    'its level must be "error", "warning" or "info", got "warn"',
  ],
  ["logger.report", () => logger.report("info", wrong(5), wrong(1), wrong(1)), "its event must be a string, got 5"],
  [
    "logger.report",
    () => logger.report("info", "full", () => ({}), wrong("The disk is full")),
    'Cannot make report "full": its text must be given as a function, got "The disk is full"',
  ],
  [
    "telemetry.span",
    () =>
      telemetry.span(
        "x",
        wrong(() => 1),
        wrong(undefined),
      ),
    'Cannot measure "x": a function is needed after the metadata, got undefined',
  ],
  [
    "otel.instrument",
    () => otel.instrument({ tracer_provider: wrong(5) }),
    "Cannot instrument the runtime: tracer_provider must be an object with getTracer, got 5",
  ],
  [
    "otel.instrument",
    () => otel.instrument({ meter_provider: wrong({}) }),
    "Cannot instrument the runtime: meter_provider must be an object with getMeter, got {}",
  ],
  ["testing.inside", () => testing.inside(wrong(5)), "Cannot run in a process: a function is needed, got 5"],
  ["testing.death", () => testing.death(wrong(5)), "Cannot wait for a death: a pid is needed, got 5"],
  ["testing.eventually", () => testing.eventually(wrong(5)), "Cannot wait for something: a function is needed, got 5"],
])("%s", async (_what, act, words) => {
  const names = await registry.start({ name: "names", keys: "unique" });
  try {
    await expect((async () => act())()).rejects.toThrow(words);
  } finally {
    await gen_server.stop(names);
  }
});

test("a program that cannot run leaves the place to the next", async () => {
  const cyclic: application.Application = { name: "a", applications: [] };
  (cyclic.applications as application.Application[]).push(cyclic);
  const options = { signals: false, exit: false };
  await expect(application.run(cyclic, options)).rejects.toThrow("applications need each other: a → a");
  await expect(application.run(wrong(7), options)).rejects.toThrow("it must be an object");
  await reports(async () => {
    const app = { name: "web", start: () => supervisor.start_link([]) };
    const program = await application.run(app, options);
    await expect(application.run(app, options)).rejects.toThrow(
      'Cannot run program "web": program "web" is already running',
    );
    await program.stop();
  });
});
