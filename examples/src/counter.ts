/** A counter that crashes, and a supervisor that restarts it with a new pid, a fresh state and the same name. */
import {
  erlang,
  gen_server,
  logger,
  NOREPLY,
  OK,
  OtpError,
  type Pid,
  REPLY,
  SHUTDOWN,
  supervisor,
} from "@otpts/runtime";

logger.set_handler((report) =>
  console.log(`[${report.level}] ${report.text.split("\n", 1)[0]?.replaceAll(/<[\d.]+>/g, "<pid>")}`),
);

const counter = {
  init: (start: number) => [OK, start] as const,
  handle_call: (_request: "next", _from: gen_server.From, n: number) => [REPLY, n, n + 1] as const,
  handle_cast(message: "crash", n: number) {
    if (message === "crash") throw new Error(`crashed at ${n}`);
    return [NOREPLY, n] as const;
  },
};

const children = [
  supervisor.child_spec({
    id: "counter",
    task: (start: number) => gen_server.start_link(counter, start, { name: "counter" }),
    args: [1],
    restart: supervisor.Permanent(),
  }),
];
const top = await supervisor.start(
  children,
  supervisor.options({ strategy: supervisor.OneForOne(), max_restarts: 2, max_seconds: 60 }),
);

console.log("next:", await gen_server.call("counter", "next"), await gen_server.call("counter", "next"));

for (let crash = 1; crash <= 2; crash++) {
  const before = erlang.whereis("counter");
  gen_server.cast("counter", "crash");
  await restarted(before);
  console.log("after the restart, next:", await gen_server.call("counter", "next"));
}

// One more than max_restarts: the supervisor gives up, and its own supervisor would take over. A tree without a
// supervisor sets the program's exit status; here the end is expected.
gen_server.cast("counter", "crash");
await supervisor.ended(top);
process.exitCode = 0;
console.log("alive:", erlang.is_process_alive(top), "registered:", erlang.whereis("counter") !== undefined);

try {
  await supervisor.start([supervisor.child_spec({ id: "bad", task: () => Promise.reject(new OtpError("no disk")) })]);
} catch (error) {
  console.log(
    (error as Error).message,
    "->",
    (error as OtpError).reason instanceof Array && (error as { reason: unknown[] }).reason[0] === SHUTDOWN,
  );
}

// Resolves when the counter runs again with another pid.
async function restarted(before: Pid | undefined): Promise<void> {
  while (erlang.whereis("counter") === before || erlang.whereis("counter") === undefined) await erlang.sleep(1);
}
