/** The cases of OTP's gen_server_SUITE: recorded from real Erlang, or about what Erlang prints in another form. */
import { Exit, NOPROC, NOREPLY, NORMAL, OK, REPLY, STOP, atom, erlang, gen_server, logger, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import { vreg } from "../conformance/harness/vreg.ts";
import { eventually, inProcess, recordedCases } from "./process.ts";

const BOOM = atom.ensure("boom");

describe("recorded from Erlang/OTP 25", () => recordedCases("gsx_"));

/** A server whose state is a secret, shown as `hidden`. */
const secretive = {
  init: (state: unknown) => [OK, state] as const,
  handle_call: (request: unknown, _from: unknown, state: unknown) =>
    request === "crash" ? erlang.exit(BOOM) : ([REPLY, state, state] as const),
  handle_cast: (_message: unknown, state: unknown) => [NOREPLY, state] as const,
  format_status: (status: object): object => ({ ...status, state: "hidden" }),
};

/** Starts a server with untyped messages. */
const start = (module: object, argument: unknown, options: gen_server.StartOptions = {}): Promise<Pid> =>
  gen_server.start(module as never, argument as never, options) as Promise<Pid>;

type Reports = { text: string; event: string; details: Readonly<Record<string, unknown>> }[];

/** Collects the reports made while `action` runs and until there are `wanted`. */
async function reports(wanted: number, action: () => unknown): Promise<Reports> {
  const seen: Reports = [];
  const before = logger.set_handler((report) => void seen.push(report));
  try {
    await action();
    await eventually(
      () => seen.length,
      (length) => length >= wanted,
    );
    // One more turn: a report too many would come now.
    await erlang.sleep(20);
    return seen;
  } finally {
    logger.set_handler(before);
  }
}

const crash = (server: Pid) => gen_server.call(server, "crash").catch(() => undefined);

describe("reports", () => {
  test(
    "crash: an abnormal end is reported once, with reason, last message and state; an orderly one is not reported",
    inProcess(async () => {
      const plain = { ...secretive, format_status: undefined };
      const pid = await start(plain, "the state");
      const seen = await reports(1, () => crash(pid));
      expect(seen).toHaveLength(1);
      expect(seen[0]!.details).toMatchObject({ pid, reason: BOOM, state: "the state", message: "crash" });
      for (const word of ["boom", "crash", "the state"]) expect(seen[0]!.text).toContain(word);
      const orderly = await start(plain, 1);
      expect(await reports(0, () => gen_server.stop(orderly, NORMAL))).toEqual([]);
    }),
  );
});

describe("other reports", () => {
  test(
    "undef_handle_info: a message to a server without handle_info is reported once",
    inProcess(async () => {
      const pid = await start(secretive, 1);
      const seen = await reports(1, () => erlang.send(pid, "stray"));
      expect(seen).toMatchObject([{ event: "unhandled_message", details: { pid, message: "stray" } }]);
      expect(erlang.is_process_alive(pid)).toBe(true);
    }),
  );

  test(
    "sys.trace reports received messages, replies and each new state, until it is switched off",
    inProcess(async () => {
      const pid = await start(secretive, 1);
      const seen = await reports(6, async () => {
        await sys.trace(pid, true);
        await gen_server.call(pid, "state");
        gen_server.cast(pid, "hello");
        await gen_server.call(pid, "state");
        await sys.trace(pid, false);
        await gen_server.call(pid, "state");
      });
      const from = String(erlang.self());
      expect(seen.map(({ text }) => text.replace(String(pid), "pid"))).toEqual([
        `*DBG* pid got call "state" from ${from}`,
        `*DBG* pid sent 1 to ${from}, new state 1`,
        '*DBG* pid got cast "hello"',
        "*DBG* pid new state 1",
        `*DBG* pid got call "state" from ${from}`,
        `*DBG* pid sent 1 to ${from}, new state 1`,
      ]);
    }),
  );
});

describe("format_status", () => {
  test(
    "call_format_status: sys.get_status shows the state as format_status does, by pid and by name",
    inProcess(async () => {
      const pid = await start(secretive, "a secret", { name: "secretive" });
      for (const server of [pid, "secretive", atom.ensure("secretive")]) {
        const [, who, , items] = await sys.get_status(server);
        expect(who).toBe(pid);
        expect(items.state).toBe("hidden");
      }
      expect(await gen_server.call(pid, "state")).toBe("a secret");
    }),
  );

  test(
    "error_format_status: the crash report shows the state as format_status does",
    inProcess(async () => {
      const pid = await start(secretive, "a secret");
      const [report] = await reports(1, () => crash(pid));
      expect(report!.details["state"]).toBe("hidden");
      expect(report!.text).not.toContain("a secret");
      expect(report!.text).toContain("boom");
    }),
  );

  test(
    "crash_in_format_status: a crash in format_status breaks neither status nor report, and shows no state",
    inProcess(async () => {
      const broken = { ...secretive, format_status: () => erlang.error(atom.ensure("broken")) };
      const pid = await start(broken, "a secret");
      const [, , , items] = await sys.get_status(pid);
      expect(JSON.stringify(items.state)).not.toContain("a secret");
      const seen = await reports(1, () => crash(pid));
      expect(seen).toHaveLength(1);
      expect(seen[0]!.text).not.toContain("a secret");
      expect(seen[0]!.details["reason"]).toBe(BOOM);
    }),
  );

  test(
    "throw_in_format_status: a throw in format_status breaks neither status nor report",
    inProcess(async () => {
      const throwing = { ...secretive, format_status: () => erlang.throw(atom.ensure("thrown")) };
      const pid = await start(throwing, "a secret");
      await sys.get_status(pid);
      const seen = await reports(1, () => crash(pid));
      expect(seen).toHaveLength(1);
      expect(seen[0]!.text).not.toContain("a secret");
    }),
  );

  test(
    "format_all_status: format_status can rewrite state, message, reason and log",
    inProcess(async () => {
      const all = {
        ...secretive,
        format_status: (status: object): object => {
          const shown: Record<string, unknown> = { ...status };
          for (const key of Object.keys(shown)) shown[key] = key === "log" ? ["hidden log"] : `hidden ${key}`;
          return shown;
        },
      };
      const pid = await start(all, "a secret");
      const [, , , items] = await sys.get_status(pid);
      expect(items).toMatchObject({ state: "hidden state", log: ["hidden log"] });
      const [report] = await reports(1, () => crash(pid));
      expect(report!.details).toMatchObject({
        state: "hidden state",
        message: "hidden message",
        reason: "hidden reason",
      });
      expect(report!.text).not.toContain("a secret");
    }),
  );

  test(
    "terminate_crash_format: a crash in terminate is reported with the state as format_status shows it",
    inProcess(async () => {
      const failing = { ...secretive, terminate: () => erlang.exit(BOOM) };
      const pid = await start(failing, "a secret");
      const [report] = await reports(1, () => gen_server.stop(pid).catch(() => undefined));
      expect(report!.details).toMatchObject({ state: "hidden", reason: BOOM });
      expect(report!.text).not.toContain("a secret");
    }),
  );
});

describe("names in registries supplied by the program", () => {
  test(
    "stop7: stop by {via,Module,Name} ends the server, and exits with noproc once it is gone",
    inProcess(async () => {
      const server = { via: [vreg(), "to_stop"] } as const;
      const pid = await start(secretive, "the state", { name: server });
      expect(await gen_server.stop(server)).toBe(OK);
      expect(erlang.is_process_alive(pid)).toBe(false);
      const error = await gen_server.stop(server).catch((thrown: unknown) => thrown);
      expect(Exit.is(error, NOPROC)).toBe(true);
    }),
  );
});

describe("performance", () => {
  test(
    "call_with_huge_message_queue: a call from a process with 100,000 queued messages examines none of them",
    inProcess(async () => {
      const echo = {
        init: () => [OK, 0] as const,
        handle_call: (_request: unknown, _from: unknown, state: number) => [REPLY, state, state + 1] as const,
        handle_cast: (_message: unknown, state: number) => [STOP, NORMAL, state] as const,
      };
      const pid = await start(echo, undefined);
      let looks = 0;
      const counted = (): boolean => {
        looks += 1;
        return false;
      };
      const message = new Proxy([BOOM, "reply"], {
        get: (target, key, receiver) => (counted(), Reflect.get(target, key, receiver) as unknown),
        has: (target, key) => (counted(), Reflect.has(target, key)),
        getOwnPropertyDescriptor: (target, key) => (counted(), Reflect.getOwnPropertyDescriptor(target, key)),
        ownKeys: (target) => (counted(), Reflect.ownKeys(target)),
      });
      const self = erlang.self();
      for (let n = 0; n < 100_000; n += 1) erlang.send(self, message);
      looks = 0;
      for (let n = 0; n < 1_000; n += 1) expect(await gen_server.call(pid, "next")).toBe(n);
      expect(looks).toBe(0);
      // A matching message is inspected, so the counter works.
      expect(await erlang.receive((sent) => Array.isArray(sent) && sent.length === 2)).toBe(message);
      expect(looks).toBeGreaterThan(0);
      for (let n = 1; n < 100_000; n += 1) await erlang.receive(undefined, { after: 0 });
    }),
    60_000,
  );
});
