/** Steps about an event manager m and its handlers as Erlang terms. The reference, with the vocabulary, is erlang/lib/evscript.erl. */
import { NORMAL, erlang, sys } from "@otpts/runtime";
import { gen_event } from "@otpts/runtime/gen_event";
import * as evh from "./evh.ts";
import type { HandlerOptions } from "./evh.ts";
import { down, fmt, idle, mailbox, name, pid, settle, step, tell, watch } from "./oracle.ts";
import type { Watch } from "./oracle.ts";
import { a, isList, list } from "./term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- steps are terms
type Any = any;

/** Carries steps out that are terms. */
export async function performTerms(steps: readonly unknown[]): Promise<void> {
  for (const called of ["p1", "p2"]) idle(called);
  const watches = new Map<string, Watch>();
  for (const term of steps) await carryOut(withOptions(term), watches);
}

const m = () => pid("m");

async function carryOut(term: Any, watches: Map<string, Watch>): Promise<void> {
  const [verb, first, second, third, fourth] = Array.isArray(term) ? term : [term];
  const called = String(first);
  switch (String(verb)) {
    case "start":
      await evh.start("m");
      return;
    case "start_link":
      name(await gen_event.start_link(), "m");
      return;
    case "add":
      await act("add", first, () => evh.add(m(), called, second));
      return;
    case "add_sup":
      await act("add_sup", first, () => evh.add_sup(m(), called, second));
      return;
    case "delete":
      await act("delete", first, () => gen_event.delete_handler(m(), evh.handler(called), second));
      return;
    case "swap":
    case "swap_sup": {
      const swap = verb === a("swap") ? gen_event.swap_handler : gen_event.swap_sup_handler;
      const by = evh.handler(String(third));
      await act(String(verb), first, () => swap(m(), [evh.handler(called), second], [by, [third, fourth]]));
      return;
    }
    case "notify":
      for (const event of first) gen_event.notify(m(), event);
      await settle();
      return;
    case "sync":
      await act("sync", first, () => gen_event.sync_notify(m(), first));
      return;
    case "call":
      await act("call", second, () => gen_event.call(m(), evh.handler(called), second, 1000));
      return;
    case "send":
      for (const message of first) erlang.send(m(), message);
      await settle();
      return;
    case "which":
      await act("which", a("m"), async () => list([...(await gen_event.which_handlers(m()))]));
      return;
    case "states":
      await act("states", a("m"), async () => {
        const handlers = (await sys.get_state(m(), 1000)) as Any[];
        return list(handlers.map(([, , state]) => state[2]));
      });
      return;
    case "mailbox":
      await mailbox();
      return;
    case "settle":
      await settle();
      return;
    case "by":
      if (erlang.is_process_alive(pid(called))) await tell(pid(called), () => carryOut(second, watches));
      await settle();
      return;
    case "end":
      erlang.send(pid(called), [a("exit"), second]);
      await settle();
      return;
    case "exit":
      erlang.exit(m(), first);
      await settle();
      return;
    case "stop":
      await act("stop", first ?? a("m"), () => gen_event.stop(m(), first ?? NORMAL, 1000));
      return;
    case "suspend":
      await act("suspend", a("m"), () => sys.suspend(m(), 1000));
      for (const each of first) await carryOut(each, watches);
      await act("resume", a("m"), () => sys.resume(m(), 1000));
      await settle();
      return;
    case "watch":
      watches.set("m", watch(m()));
      return;
    case "down":
      await down(watches.get("m") as Watch);
      return;
    default:
      throw new Error(`There is no such step: ${fmt(term)}`);
  }
}

/** The line is written a little later: the manager's work after its answer comes first. */
function act(verb: string, term: unknown, action: () => unknown): Promise<void> {
  return step(`${verb} ${fmt(term)}`, async () => {
    try {
      return await action();
    } finally {
      await settle();
    }
  });
}

// {opts,List}, wherever it stands, as the options that evh takes.
function withOptions(term: Any): Any {
  if (!Array.isArray(term)) return term;
  if (term[0] === a("opts") && term.length === 2) return options(term[1]);
  const items = term.map(withOptions);
  return isList(term) ? list(items) : items;
}

function options(given: readonly Any[]): HandlerOptions {
  const made: HandlerOptions = {};
  // Erlang's maps have their keys in order.
  for (const [key, value] of given.toSorted(([one], [two]) => (String(one) < String(two) ? -1 : 1))) {
    if (key === a("init")) made.init = (state) => order(value, state);
    else if (key === a("terminate")) made.terminate = (_argument, state) => order(value, state);
    else made.state = value;
  }
  return made;
}

function order([verb, argument]: Any, state: unknown): Any {
  switch (String(verb)) {
    case "return":
      return evh.filled(argument, state);
    case "exit":
      return erlang.exit(argument);
    case "error":
      return erlang.error(argument);
    default:
      return erlang.throw(evh.filled(argument, state));
  }
}
