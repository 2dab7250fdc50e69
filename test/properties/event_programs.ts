/**
 * Random programs about one event manager, as Erlang text: lists of steps (conformance/harness/evscript.ts). They are carried out
 * here and by erlang/fuzz_event.erl, and must print the same lines.
 */
import fc from "fast-check";
import { TRAP_EXIT, erlang } from "@otpts/runtime";
import * as evscript from "../conformance/harness/evscript.ts";
import { parsed } from "../conformance/harness/smscript.ts";

const handler = fc.constantFrom("h1", "h2", "h3");
const reason = fc.constantFrom("boom", "normal", "shutdown", "{shutdown,x}", "killed");
const word = fc.constantFrom("x", "y", "{z,1}");

// What a callback may do instead of its work.
const order = (result: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: result.map((r) => `{return,${r}}`) },
    { weight: 2, arbitrary: result.map((r) => `{throw,${r}}`) },
    { weight: 1, arbitrary: reason.map((r) => `{exit,${r}}`) },
    { weight: 1, arbitrary: reason.map((r) => `{error,${r}}`) },
  );
const initOrder = order(fc.constantFrom("{ok,'ST'}", "{ok,'ST',hibernate}", "{error,no}", "garbage", "{ok,'ST',x}"));
const terminateOrder = order(fc.constantFrom("bye", "{error,x}", "{'EXIT',x}", "{ok,s}", "undefined"));
const options = fc
  .array(
    fc.oneof(
      word.map((s) => `{state,${s}}`),
      initOrder.map((o) => `{init,${o}}`),
      terminateOrder.map((o) => `{terminate,${o}}`),
    ),
    { maxLength: 2 },
  )
  .map((all) => `{opts,[${all.join(",")}]}`);
const noOptions = fc.constant("{opts,[]}");
const some = fc.oneof({ weight: 2, arbitrary: noOptions }, { weight: 1, arbitrary: options });

const command = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 2, arbitrary: word.map((w) => `{set,${w}}`) },
  { weight: 2, arbitrary: fc.constant("remove") },
  { weight: 3, arbitrary: fc.tuple(word, handler, some).map(([w, h, o]) => `{swap,${w},${h},${o}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{exit,${r}}`) },
  { weight: 1, arbitrary: reason.map((r) => `{error,${r}}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "{throw,remove_handler}",
      "{throw,ball}",
      "{return,{ok,'ST',hibernate}}",
      "{return,{ok,'ST',x}}",
      "{return,garbage}",
      "{return,{error,x}}",
      "{return,{remove_handler,x}}",
      "{throw,{ok,'ST'}}",
    ),
  },
);
const event = fc.oneof(
  command,
  fc.tuple(handler, command).map(([h, c]) => `{to,${h},${c}}`),
);
const request = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("ping", "state", "x", "{sleep,5}") },
  { weight: 2, arbitrary: word.map((w) => `{set,${w}}`) },
  { weight: 1, arbitrary: word.map((w) => `{remove,${w}}`) },
  { weight: 2, arbitrary: fc.tuple(word, handler, some).map(([w, h, o]) => `{swap,answer,${w},${h},${o}}`) },
  { weight: 1, arbitrary: command },
  {
    weight: 1,
    arbitrary: fc.constantFrom("{return,{ok,r,'ST',hibernate}}", "{throw,{ok,r,'ST'}}", "{return,{reply,r,'ST'}}"),
  },
);

const plain = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(handler, some).map(([h, o]) => `{add,${h},${o}}`) },
  { weight: 3, arbitrary: fc.tuple(handler, some).map(([h, o]) => `{add_sup,${h},${o}}`) },
  { weight: 2, arbitrary: fc.tuple(handler, word).map(([h, w]) => `{delete,${h},${w}}`) },
  { weight: 2, arbitrary: fc.tuple(handler, word, handler, some).map((all) => `{swap,${all.join(",")}}`) },
  { weight: 2, arbitrary: fc.tuple(handler, word, handler, some).map((all) => `{swap_sup,${all.join(",")}}`) },
  { weight: 5, arbitrary: fc.array(event, { minLength: 1, maxLength: 3 }).map((all) => `{notify,[${all.join(",")}]}`) },
  { weight: 2, arbitrary: event.map((e) => `{sync,${e}}`) },
  { weight: 4, arbitrary: fc.tuple(handler, request).map(([h, r]) => `{call,${h},${r}}`) },
);
const act = fc.oneof(
  { weight: 16, arbitrary: plain },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("p1", "p2"), plain).map(([p, s]) => `{by,${p},${s}}`) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("p1", "p2"), reason).map(([p, r]) => `{'end',${p},${r}}`) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.oneof(
          event,
          event.map((e) => `{notify,${e}}`),
        ),
        { minLength: 1, maxLength: 2 },
      )
      .map((all) => `{send,[${all.join(",")}]}`),
  },
  { weight: 1, arbitrary: fc.constantFrom("which", "states", "mailbox") },
  {
    weight: 1,
    arbitrary: fc.array(event, { maxLength: 2 }).map((all) => `{suspend,[{notify,[${all.join(",")}]},{send,[x]}]}`),
  },
  { weight: 1, arbitrary: reason.map((r) => `{exit,${r}}`) },
);
const last = fc.oneof(
  fc.constant("stop"),
  reason.map((r) => `{stop,${r}}`),
  reason.map((r) => `{exit,${r}},stop`),
);

/** Programs, as Erlang text: one list of steps each. */
export const programs: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("start", "start_link"), fc.array(act, { minLength: 2, maxLength: 8 }), last)
  .map(([start, acts, end]) => `[${start},watch,${acts.join(",")},which,states,${end},down,mailbox]`);

/** Carries a program out in the calling process, which is called main. */
export async function perform(program: string): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await evscript.performTerms(parsed(program));
}
