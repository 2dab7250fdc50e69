import { NOREPLY, OK, REPLY, gen_server, supervisor } from "@otpts/runtime";
import { pid_of, ref_of } from "@otpts/runtime/nact";
import { dispatch, query, spawn, spawnStateless, start, stop } from "nact";
import { expect, test } from "vitest";
import { eventually } from "../kit/inside.ts";

// The example of docs/nact.md.
test("an application migrates actor by actor: callers keep their references, and processes reach the remaining actors", async () => {
  const mails: unknown[] = [];
  const sendMail = (_state: unknown, message: unknown) => void mails.push(message);

  const system = start();
  const mailer = spawn(system, sendMail, "mailer");

  const accounts = {
    init: () => [OK, new Map<string, number>()] as const,
    handle_call: ([, id]: ["balance", string], _from: gen_server.From, all: Map<string, number>) =>
      [REPLY, all.get(id) ?? 0, all] as const,
    handle_info: ([, id, amount]: ["pay", string, number], all: Map<string, number>) => {
      gen_server.cast(pid_of(mailer), { to: id, text: `You got ${amount}` });
      return [NOREPLY, all.set(id, (all.get(id) ?? 0) + amount)] as const;
    },
  };
  const task = () => gen_server.start_link(accounts, undefined, { name: "accounts" });
  const sup = await supervisor.start([supervisor.child_spec({ id: "accounts", task })]);

  const reference = ref_of("accounts");
  const till = spawnStateless(system, (amount: number) => dispatch(reference, ["pay", "ada", amount]), "till");
  dispatch(till, 10);
  await eventually(() => mails.length === 1);
  expect(await query(reference, () => ["balance", "ada"], 60_000)).toBe(10);
  expect(mails).toEqual([{ to: "ada", text: "You got 10" }]);

  await supervisor.stop(sup);
  stop(system);
});
