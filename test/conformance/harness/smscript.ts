/** Steps about state machine probes as Erlang terms. The reference, with the vocabulary, is erlang/lib/smscript.erl. */
import { TRAP_EXIT, erlang, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { KEEP_STATE_AND_DATA, gen_statem } from "@otpts/runtime/gen_statem";
import { down, fmt, log, mailbox, ok, pid, settle, sleep, spawn, step, watch } from "./oracle.ts";
import type { Watch } from "./oracle.ts";
import { served } from "./probe.ts";
import * as sprobe from "./sprobe.ts";
import { DEFAULT } from "./sprobe.ts";
import { a, isList, list, t } from "./term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- steps are terms
type Any = any;

/** Carries steps out, each Erlang text. */
export async function perform(steps: readonly string[]): Promise<void> {
  await performTerms(steps.map(parsed));
}

/** Carries steps out that are terms. */
export async function performTerms(steps: readonly unknown[]): Promise<void> {
  const watches = new Map<string, Watch>();
  for (const term of steps) await carryOut(term, watches);
}

/** The term of Erlang text, with the module smother where its name stands. */
export function parsed(text: string): Any {
  return withModules(t(Object.assign([text], { raw: [text] })));
}

function withModules(term: Any): Any {
  if (term === a("smother")) return smother;
  if (!Array.isArray(term)) return term;
  const items = term.map(withModules);
  return isList(term) ? list(items) : items;
}

/** A second callback module: erlang/lib/smother.erl. */
const smother = served({
  name: "smother",
  callback_mode: () => t`[handle_event_function,state_enter]`,
  init: () => erlang.error(a("not_called")),
  handle_event(type: Any, content: Any, state: Any): Any {
    const kind = sprobe.typeText(type);
    log(`other ${kind} ${fmt(content)} ${fmt(state)}`);
    if (kind === "enter") return KEEP_STATE_AND_DATA;
    if (kind === "call" && content === a("ping")) return t`{keep_state_and_data,[{reply,${type[1]},other_pong}]}`;
    const verb = Array.isArray(content) ? content[0] : undefined;
    if (verb === a("return")) return content[1];
    if (verb === a("error")) return erlang.error(content[1]);
    return KEEP_STATE_AND_DATA;
  },
  terminate(reason: unknown, state: unknown, data: unknown): void {
    log(`other terminate ${fmt(reason)} ${fmt(state)} ${fmt(data)}`);
  },
});

const found = (called: Any): Pid => erlang.whereis(called) ?? pid(String(called));

async function carryOut(term: Any, watches: Map<string, Watch>): Promise<void> {
  const [verb, who, third, fourth] = Array.isArray(term) ? term : [term];
  const called = String(who);
  switch (String(verb)) {
    case "start":
    case "start_link": {
      const start = verb === a("start") ? sprobe.start : sprobe.start_link;
      await step(`${String(verb)} ${called}`, async () => {
        try {
          return await ok(start(called, options(third)));
        } finally {
          await settle();
        }
      });
      return;
    }
    case "cast":
      for (const event of third) gen_statem.cast(found(who), event);
      return;
    case "send":
      for (const message of third) erlang.send(found(who), message);
      return;
    case "call":
      await act("call", third, () => gen_statem.call(found(who), third, fourth));
      return;
    case "late":
      spawn(called, async () => {
        const line = await gen_statem.call(found(third), fourth).then(
          (answer) => `got ${fmt(answer)}`,
          (error: Any) => `exit ${fmt(error.reason)}`,
        );
        await sleep(40);
        log(line);
      });
      await sleep(10);
      return;
    case "sleep":
      await sleep(who);
      return;
    case "settle":
      await settle();
      return;
    case "log":
      log(called);
      return;
    case "mailbox":
      await mailbox();
      return;
    case "trap_exit":
      erlang.process_flag(TRAP_EXIT, true);
      return;
    case "watch":
      watches.set(called, watch(found(who)));
      return;
    case "down":
      await down(watches.get(called) as Watch);
      return;
    case "exit":
      erlang.exit(found(who), third);
      return;
    case "alive":
      await act("alive", who, () => erlang.is_process_alive(found(who)));
      return;
    case "whereis":
      await act("whereis", who, () => erlang.whereis(who));
      return;
    case "stop":
      await act("stop", who, () => gen_statem.stop(found(who), ...(third === undefined ? [] : [third, fourth])));
      return;
    case "get_state":
      await act("get_state", who, () => sys.get_state(found(who), 1000));
      return;
    case "replace_state":
      await act("replace_state", who, () => sys.replace_state(found(who), () => third));
      return;
    case "suspend":
      await act("suspend", who, () => sys.suspend(found(who)));
      return;
    case "resume":
      await act("resume", who, async () => {
        const result = await sys.resume(found(who));
        await settle();
        return result;
      });
      return;
    case "terminate":
      await act("terminate", who, () => sys.terminate(found(who), third));
      return;
    default:
      throw new Error(`There is no such step: ${fmt(term)}`);
  }
}

/** The line is written a little later: the machine's work after its answer comes first. */
function act(verb: string, term: unknown, action: () => unknown): Promise<void> {
  return step(`${verb} ${fmt(term)}`, async () => {
    try {
      return await action();
    } finally {
      await sleep(20);
    }
  });
}

function options(given: readonly Any[]): sprobe.SprobeOptions {
  const made: Record<string, unknown> = {};
  const ons: Any[][] = [];
  for (const option of given) {
    const [key, value, ...rest] = Array.isArray(option) ? option : [option, true];
    if (key === a("on")) ons.push([value, ...rest]);
    else if (key === a("init") || key === a("terminate")) made[String(key)] = () => order(value, undefined);
    else made[String(key)] = key === a("reg") ? String(value) : value;
  }
  made["event"] = (type: string, content: Any, state: Any, _data: Any, from: Any) => {
    const fit = ons.find(([t1, x1, s1]) => fits(t1, type) && fits(x1, fmt(content)) && fits(s1, fmt(state)));
    return fit === undefined ? DEFAULT : order(fit[3], from);
  };
  return made;
}

const fits = (wanted: unknown, text: string) => wanted === a("any") || fmt(wanted) === text;

function order([verb, argument]: Any, from: Any): Any {
  switch (String(verb)) {
    case "return":
      return filled(argument, from);
    case "exit":
      return erlang.exit(argument);
    case "error":
      return erlang.error(argument);
    case "throw":
      return erlang.throw(filled(argument, from));
    default:
      return sleep(argument).then(() => KEEP_STATE_AND_DATA);
  }
}

/** A result with the `from` of the call at hand in place. */
function filled(term: Any, from: Any): Any {
  if (term === a("FROM")) return from;
  if (!Array.isArray(term)) return term;
  const items = term.map((item) => filled(item, from));
  return isList(term) ? list(items) : items;
}
