/**
 * Random programs about one gen_server and its clients, as Erlang text: {Start, Trap, Init, Terminate, Steps}. They are
 * carried out here and by erlang/fuzz_server.erl, and must print the same lines.
 */
import { STOP, TRAP_EXIT, erlang, gen_server, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import fc from "fast-check";
import { drain, fmt, idle, log, ok, pid, sleep, step, tell } from "../conformance/harness/oracle.ts";
import * as probe from "../conformance/harness/probe.ts";
import { DEFAULT } from "../conformance/harness/probe.ts";
import { a, t } from "../conformance/harness/term.ts";
import { world } from "../conformance/harness/world.ts";

const reason = fc.constantFrom("boom", "normal", "shutdown", "{shutdown,x}", "kill");
const value = fc.constantFrom("v1", "v2", "{v,3}");

const result: fc.Arbitrary<string> = fc.letrec<{ result: string; ext: string }>((tie) => ({
  ext: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("0", "10", "infinity", "hibernate", "soon", "-1", "{continue,c}", "{continue,{exit,boom}}"),
    tie("result").map((term) => `{continue,{return,${term}}}`),
  ),
  result: fc.oneof(
    { depthSize: "small" },
    { weight: 3, arbitrary: value.map((v) => `{reply,r,${v}}`) },
    { weight: 3, arbitrary: value.map((v) => `{noreply,${v}}`) },
    { weight: 4, arbitrary: fc.tuple(value, tie("ext")).map(([v, ext]) => `{reply,r,${v},${ext}}`) },
    { weight: 4, arbitrary: fc.tuple(value, tie("ext")).map(([v, ext]) => `{noreply,${v},${ext}}`) },
    { weight: 2, arbitrary: fc.tuple(reason, value).map(([r, v]) => `{stop,${r},${v}}`) },
    { weight: 2, arbitrary: fc.tuple(reason, value).map(([r, v]) => `{stop,${r},r,${v}}`) },
    { weight: 1, arbitrary: fc.constantFrom("garbage", "{ok,v1}", "{reply,r}", "[]", "{stop,r}", "ignore") },
  ),
})).result;

const command = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("ping", "state", "{set,v4}", "nothing") },
  { weight: 6, arbitrary: result.map((term) => `{return,${term}}`) },
  { weight: 2, arbitrary: result.map((term) => `{throw,${term}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{exit,${r}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{error,${r}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{stop,${r}}`) },
);
const sending = fc
  .tuple(fc.constantFrom("call", "call", "cast", "info"), command)
  .map(([how, what]) => `{${how},${what}}`);
const anAct = fc.oneof(
  { weight: 6, arbitrary: sending },
  // Several at once, behind a callback that takes its time.
  {
    weight: 3,
    arbitrary: fc.array(sending, { minLength: 2, maxLength: 4 }).map((all) => `{burst,[${all.join(",")}]}`),
  },
  { weight: 1, arbitrary: reason.map((r) => `{signal,${r}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{linked_exit,${r}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{stop,${r}}`) },
  { weight: 1, arbitrary: fc.constantFrom("get_state", "suspend_resume") },
);

const init = fc.oneof(
  { weight: 6, arbitrary: fc.constant("{return,{ok,s0}}") },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom("0", "10", "infinity", "hibernate", "{continue,c}", "soon", "{continue,{return,{noreply,v1,10}}}")
      .map((ext) => `{return,{ok,s0,${ext}}}`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "{return,ignore}",
      "{return,{stop,bad}}",
      "{return,{stop,normal}}",
      "{return,garbage}",
      "{throw,{ok,s0}}",
      "{throw,ball}",
      "{exit,bang}",
      "{exit,normal}",
      "{error,boom}",
    ),
  },
);
const terminate = fc.constantFrom("ok", "ok", "ok", "{exit,other}", "{error,oops}", "{throw,ball}", "{sleep,5}");

/** Programs, as Erlang text. */
export const programs: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("start", "start_link", "start_monitor"),
    fc.boolean(),
    init,
    terminate,
    fc.array(anAct, { minLength: 1, maxLength: 7, size: "max" }),
  )
  .map(([start, trap, first, last, acts]) => `{${start},${trap},${first},${last},[${acts.join(",")}]}`);

/** Nothing that a program waits for takes longer, except a call that is not answered: twice that. */
const CALM_MS = 40;

/** Carries a program out in the calling process, which is called main. */
export async function perform(program: string): Promise<void> {
  // oxlint-disable-next-line typescript/no-explicit-any -- programs are terms
  const [start, trap, first, last, acts] = parsed(program) as [any, boolean, unknown, unknown, unknown[]];
  erlang.process_flag(TRAP_EXIT, true);
  const options: probe.ProbeOptions = {
    trap,
    init: () => obeyed(first),
    continue: (argument, state) => {
      if (!Array.isArray(argument)) return DEFAULT;
      return argument[0] === STOP ? [STOP, argument[1], state] : obeyed(argument);
    },
    terminate: () => (last === a("ok") ? DEFAULT : obeyed(last)),
  };
  const starts: Readonly<Record<string, (called: string, options: probe.ProbeOptions) => Promise<unknown>>> = {
    start: probe.start,
    start_link: probe.start_link,
    start_monitor: probe.start_monitor,
  };
  await act("start", () => ok(starts[start.name]!("srv", options)));
  await calm();
  for (const each of acts) {
    await carryOut(each);
    await calm();
  }
}

/** The line is written when nothing moves any more: the server's work after its answer comes first. */
function act(label: string, action: () => unknown): Promise<void> {
  return step(label, async () => {
    try {
      return await action();
    } finally {
      await sleep(CALM_MS);
    }
  });
}

async function calm(): Promise<void> {
  await sleep(CALM_MS);
  log(`mailbox ${fmt(await drain())}`);
}

// oxlint-disable-next-line typescript/no-explicit-any -- a term that any callback may return
function obeyed(order: any): any {
  const [verb, argument] = order;
  if (verb === a("return")) return argument;
  if (verb === a("exit")) return erlang.exit(argument);
  if (verb === a("error")) return erlang.error(argument);
  if (verb === a("throw")) return erlang.throw(argument);
  if (verb === a("sleep")) return sleep(argument);
  return DEFAULT;
}

async function carryOut(term: unknown): Promise<void> {
  if (!world().pids.has("srv")) return;
  const srv = pid("srv");
  if (term === a("get_state")) {
    await act("get_state", () => sys.get_state(srv, 2 * CALM_MS));
    return;
  }
  if (term === a("suspend_resume")) {
    await act("suspend", () => sys.suspend(srv, 2 * CALM_MS));
    gen_server.cast(srv, t`suspended`);
    await act("resume", () => sys.resume(srv, 2 * CALM_MS));
    return;
  }
  const [verb, argument] = term as [{ name: string }, unknown];
  switch (verb.name) {
    case "burst":
      await burst(srv, argument as [{ name: string }, unknown][]);
      return;
    case "signal":
      erlang.exit(srv, argument);
      return;
    case "linked_exit": {
      const other = idle("other");
      await tell(other, async () => {
        try {
          erlang.link(srv);
        } catch {
          log("no link");
        }
      });
      erlang.send(other, t`{exit,${argument}}`);
      return;
    }
    case "stop":
      await act("stop", () => gen_server.stop(srv, argument, 2 * CALM_MS));
      return;
    case "call":
      await act(`call ${fmt(argument)}`, () => gen_server.call(srv, argument, 2 * CALM_MS));
      return;
    default:
      send(srv, verb.name, argument);
  }
}

/** Several requests behind a callback that takes its time. Their answers are written in order, after all else. */
async function burst(srv: Pid, all: readonly [{ name: string }, unknown][]): Promise<void> {
  gen_server.cast(srv, t`{sleep,30}`);
  const answers: [string, { value: unknown } | { error: unknown }][] = [];
  for (const [n, [how, what]] of all.entries()) {
    if (how.name !== "call") {
      send(srv, how.name, what);
      continue;
    }
    erlang.spawn(async () => {
      const label = `call ${fmt(what)}`;
      try {
        answers[n] = [label, { value: await gen_server.call(srv, what, 3 * CALM_MS) }];
      } catch (error) {
        answers[n] = [label, { error }];
      }
    });
    await sleep(1);
  }
  await sleep(5 * CALM_MS);
  for (const answer of answers) {
    if (answer === undefined) continue;
    const [label, outcome] = answer;
    await act(label, () => ("error" in outcome ? Promise.reject(outcome.error as Error) : outcome.value));
  }
}

function send(srv: Pid, how: string, what: unknown): void {
  if (how === "cast") gen_server.cast(srv, what);
  else erlang.send(srv, what);
}

/** The term of Erlang text. */
function parsed(text: string): unknown {
  return t(Object.assign([text], { raw: [text] }));
}
