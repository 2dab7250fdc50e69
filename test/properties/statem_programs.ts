/**
 * Random programs about one gen_statem, as Erlang text: lists of steps (conformance/harness/smscript.ts). They are carried out
 * here and by erlang/fuzz_statem.erl, and must print the same lines. Their time-outs are of time zero: no order in a trace comes
 * from a clock.
 */
import fc from "fast-check";
import * as smscript from "../conformance/harness/smscript.ts";

const state = fc.constantFrom("a", "b", "c", "d");
const data = fc.constantFrom("d1", "d2", "{d,3}");
const reason = fc.constantFrom("boom", "normal", "shutdown", "{shutdown,x}");
const word = fc.constantFrom("x", "y", "{z,1}");
const kind = fc.constantFrom("timeout", "state_timeout", "{timeout,n}", "{timeout,{m,1}}");
const plainType = fc.constantFrom("internal", "internal", "cast", "info", "timeout", "state_timeout", "{timeout,n}");

const { command, actions } = fc.letrec<{
  command: string;
  action: string;
  list: string;
  actions: string;
  result: string;
}>((tie) => ({
  action: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: fc.tuple(plainType, tie("command")).map(([t, c]) => `{next_event,${t},${c}}`) },
    { weight: 4, arbitrary: fc.tuple(kind, tie("command")).map(([k, c]) => `{${k},0,${c}}`) },
    { weight: 2, arbitrary: kind.map((k) => `{${k},cancel}`) },
    { weight: 2, arbitrary: fc.tuple(kind, word).map(([k, w]) => `{${k},update,${w}}`) },
    { weight: 1, arbitrary: fc.tuple(kind, word).map(([k, w]) => `{${k},infinity,${w}}`) },
    { weight: 1, arbitrary: fc.constantFrom("hibernate", "{hibernate,false}", "{postpone,false}", "0", "infinity") },
    { weight: 1, arbitrary: fc.constantFrom("{garbage,1}", "{state_timeout,soon,x}", "{next_event,enter,x}", "-1") },
  ),
  list: fc.oneof(
    { weight: 5, arbitrary: fc.array(tie("action"), { maxLength: 3 }).map((all) => `[${all.join(",")}]`) },
    { weight: 2, arbitrary: fc.constant("[postpone]") },
  ),
  actions: fc.oneof({ weight: 4, arbitrary: tie("list") }, { weight: 2, arbitrary: tie("action") }),
  result: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: fc.tuple(state, data).map(([s, d]) => `{next_state,${s},${d}}`) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(state, data, fc.array(tie("action"), { maxLength: 3 }))
        .map(([s, d, all]) => `{next_state,${s},${d},[${all.join(",")}]}`),
    },
    { weight: 2, arbitrary: fc.tuple(data, tie("actions")).map(([d, all]) => `{keep_state,${d},${all}}`) },
    { weight: 2, arbitrary: tie("actions").map((all) => `{keep_state_and_data,${all}}`) },
    { weight: 2, arbitrary: data.map((d) => `{repeat_state,${d}}`) },
    { weight: 1, arbitrary: fc.constant("repeat_state_and_data") },
    { weight: 1, arbitrary: reason.map((r) => `{stop,${r}}`) },
    { weight: 1, arbitrary: fc.constantFrom("stop", "garbage", "{next_state,b}", "{stop_and_reply,r,[]}") },
  ),
  command: fc.oneof(
    { depthSize: "small" },
    { weight: 6, arbitrary: word },
    { weight: 4, arbitrary: state.map((s) => `{next,${s}}`) },
    { weight: 4, arbitrary: fc.tuple(state, tie("command")).map(([s, c]) => `{in,${s},${c}}`) },
    { weight: 4, arbitrary: tie("list").map((all) => `{keep,${all}}`) },
    { weight: 3, arbitrary: tie("result").map((r) => `{return,${r}}`) },
    { weight: 1, arbitrary: tie("result").map((r) => `{throw,${r}}`) },
    { weight: 1, arbitrary: data.map((d) => `{set,${d}}`) },
    { weight: 1, arbitrary: reason.map((r) => `{error,${r}}`) },
    { weight: 1, arbitrary: reason.map((r) => `{exit,${r}}`) },
  ),
}));

const enterResult = fc.oneof(
  { weight: 4, arbitrary: data.map((d) => `{keep_state,${d}}`) },
  { weight: 3, arbitrary: fc.tuple(kind, word).map(([k, w]) => `{keep_state_and_data,[{${k},0,${w}}]}`) },
  { weight: 1, arbitrary: kind.map((k) => `{keep_state_and_data,[{${k},cancel}]}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "{next_state,c,d9}",
      "{keep_state,d8,[postpone]}",
      "{keep_state,d8,[{next_event,internal,x}]}",
      "{stop,over,d7}",
      "garbage",
    ),
  },
);
const on = fc.tuple(state, enterResult).map(([s, r]) => `{on,enter,any,${s},{return,${r}}}`);

const options = fc
  .tuple(
    fc.constantFrom(
      "state_functions",
      "[state_functions,state_enter]",
      "handle_event_function",
      "[state_enter,handle_event_function]",
    ),
    fc.array(on, { maxLength: 2 }),
    fc.option(
      actions.map((all) => `{init,{return,{ok,a,d0,${all}}}}`),
      { freq: 3, nil: "" },
    ),
  )
  .map(([mode, ons, init]) => `[${[`{mode,${mode}}`, ...ons, init].filter((part) => part !== "").join(",")}]`);

const act = fc.oneof(
  // Several at once, behind a callback that takes its time.
  {
    weight: 8,
    arbitrary: fc
      .array(command, { minLength: 1, maxLength: 6 })
      .map((all) => `{cast,sm,[{sleep,20},${all.join(",")}]},settle`),
  },
  { weight: 2, arbitrary: command.map((c) => `{late,c1,sm,${c}},settle,{log,late}`) },
  { weight: 2, arbitrary: command.map((c) => `{call,sm,${c},100}`) },
  { weight: 1, arbitrary: fc.constantFrom("{get_state,sm}", "{stop,sm}", "{suspend,sm},{cast,sm,[x]},{resume,sm}") },
);

/** Programs, as Erlang text: one list of steps each. */
export const programs: fc.Arbitrary<string> = fc
  .tuple(options, fc.array(act, { minLength: 1, maxLength: 5 }))
  .map(
    ([given, acts]) =>
      `[trap_exit,{start,sm,${given}},{watch,sm},${acts.join(",")},{call,sm,state,100},{stop,sm},{down,sm},mailbox]`,
  );

/** Carries a program out in the calling process, which is called main. */
export async function perform(program: string): Promise<void> {
  await smscript.performTerms(smscript.parsed(program));
}
