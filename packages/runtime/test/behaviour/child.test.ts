import { OtpError, atom, supervisor, atoms } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { checkFlags, checkSpec, checkSpecs, isProblem, keyOf } from "../../src/behaviour/child.ts";

const { ANY_SIGNIFICANT, BRUTAL_KILL, NEVER, PERMANENT, SUPERVISOR, TEMPORARY, WORKER } = atoms;

const task = () => undefined;
const INVALID = (tag: string) => atom.ensure(tag);

describe("a child specification", () => {
  test("gets OTP's defaults", () => {
    expect(checkSpec({ id: "a", task }, NEVER)).toStrictEqual({
      id: "a",
      task,
      args: [],
      restart: PERMANENT,
      shutdown: 5_000,
      type: WORKER,
      significant: false,
      modules: [],
    });
    expect(checkSpec({ id: "a", task, type: "supervisor" }, NEVER)).toMatchObject({
      shutdown: Infinity,
      type: SUPERVISOR,
    });
  });

  test("accepts strings or atoms as keywords", () => {
    expect(
      checkSpec(
        {
          id: "a",
          task,
          restart: TEMPORARY,
          shutdown: "brutal_kill",
          type: SUPERVISOR,
          significant: true,
          modules: "dynamic",
        },
        ANY_SIGNIFICANT,
      ),
    ).toMatchObject({
      restart: TEMPORARY,
      shutdown: BRUTAL_KILL,
      type: SUPERVISOR,
      significant: true,
      modules: atom.ensure("dynamic"),
    });
    expect(checkSpec({ id: "a", task, shutdown: "infinity" }, NEVER)).toMatchObject({ shutdown: Infinity });
    expect(checkSpec({ id: "a", task, shutdown: 0 }, NEVER)).toMatchObject({ shutdown: 0 });
  });

  test.each<[string, unknown, unknown, string]>([
    [
      "no object",
      7,
      [INVALID("invalid_child_spec"), 7],
      "a child specification must be an object with id and task, got 7",
    ],
    ["no id", { task }, INVALID("missing_id"), "a child specification needs an id"],
    ["no task", { id: "a" }, INVALID("missing_start"), 'child "a" needs a task, the function that starts it'],
    [
      "a task that is not a function",
      { id: "a", task: "start" },
      [INVALID("invalid_mfa"), "start"],
      'child "a": task must be a function, got "start"',
    ],
    [
      "args that are no array",
      { id: "a", task, args: 1 },
      [INVALID("invalid_mfa"), 1],
      'child "a": args must be an array, got 1',
    ],
    [
      "an unknown restart",
      { id: "a", task, restart: "always" },
      [INVALID("invalid_restart_type"), "always"],
      'child "a": restart must be permanent, transient or temporary, got "always"',
    ],
    [
      "a significant that is not a boolean",
      { id: "a", task, significant: 1 },
      [INVALID("invalid_significant"), 1],
      'child "a": significant must be true or false, got 1',
    ],
    [
      "an unknown type",
      { id: "a", task, type: "other" },
      [INVALID("invalid_child_type"), "other"],
      'child "a": type must be worker or supervisor, got "other"',
    ],
    [
      "a negative shutdown",
      { id: "a", task, shutdown: -1 },
      [INVALID("invalid_shutdown"), -1],
      'child "a": shutdown must be milliseconds ≥ 0, Infinity or brutal_kill, got -1',
    ],
    [
      "an unknown shutdown",
      { id: "a", task, shutdown: "soon" },
      [INVALID("invalid_shutdown"), "soon"],
      'child "a": shutdown must be milliseconds ≥ 0, Infinity or brutal_kill, got "soon"',
    ],
    [
      "modules that are no list",
      { id: "a", task, modules: 1 },
      [INVALID("invalid_modules"), 1],
      'child "a": modules must be a list or dynamic, got 1',
    ],
    [
      "a significant child without auto_shutdown",
      { id: "a", task, significant: true, restart: "temporary" },
      [
        INVALID("bad_combination"),
        [
          [INVALID("auto_shutdown"), NEVER],
          [INVALID("significant"), true],
        ],
      ],
      'child "a": a significant child needs a supervisor whose auto_shutdown is any_significant or all_significant',
    ],
  ])("with %s is refused with OTP's term and an explanation", (_what, spec, reason, text) => {
    expect(checkSpec(spec, NEVER)).toStrictEqual({ reason, text });
  });

  test("that is permanent cannot be significant", () => {
    expect(checkSpec({ id: "a", task, significant: true }, ANY_SIGNIFICANT)).toStrictEqual({
      reason: [
        INVALID("bad_combination"),
        [
          [INVALID("restart"), PERMANENT],
          [INVALID("significant"), true],
        ],
      ],
      text: 'child "a": a permanent child cannot be significant: it never ends for good',
    });
  });

  test("with the id of another one is refused; a string and its atom are the same id", () => {
    expect(
      checkSpecs(
        [
          { id: "a", task },
          { id: atom.ensure("a"), task },
        ],
        NEVER,
      ),
    ).toStrictEqual({
      reason: [INVALID("duplicate_child_name"), atom.ensure("a")],
      text: "two children have the id a",
    });
  });
});

describe("an id", () => {
  test("is looked up by value if it is a name, a number or a tuple of them", () => {
    expect(keyOf("a")).toBe(keyOf(atom.ensure("a")));
    expect(keyOf(["a", 1])).toBe(keyOf(["a", 1]));
    expect(keyOf(["a", 1])).not.toBe(keyOf(["a", 2]));
    expect(keyOf(1)).not.toBe(keyOf("1"));
    const object = {};
    expect(keyOf(object)).toBe(object);
  });

  test("as a tuple is not mistaken for one that prints alike", () => {
    expect(keyOf(["a", "b"])).not.toBe(keyOf(["a', 'b"]));
    expect(keyOf(["a"])).not.toBe(keyOf("[]['a']"));
    expect(keyOf([{ n: 1 }, "x".repeat(1_000)])).not.toBe(keyOf([{ n: 1 }, "x".repeat(1_001)]));
    expect(keyOf(["1"])).not.toBe(keyOf([1]));
    const long = "x".repeat(500);
    expect(keyOf([`${long}1`])).not.toBe(keyOf([`${long}2`]));
    expect(keyOf([["a", ["b", ["c", ["d", ["e", 1]]]]]])).not.toBe(keyOf([["a", ["b", ["c", ["d", ["e", 2]]]]]]));
  });
});

describe("a supervisor's options", () => {
  test("get OTP's defaults: one_for_one, 1 restart in 5 s, no auto_shutdown", () => {
    const flags = checkFlags({});
    expect(isProblem(flags)).toBe(false);
    expect(flags).toStrictEqual({
      strategy: atom.ensure("one_for_one"),
      intensity: 1,
      period: 5,
      auto_shutdown: NEVER,
    });
  });

  test.each<[string, unknown, unknown, string]>([
    ["no object", 7, [INVALID("invalid_type"), 7], "supervisor options must be an object, got 7"],
    [
      "strategy",
      { strategy: "some" },
      [INVALID("invalid_strategy"), "some"],
      'strategy must be one_for_one, one_for_all, rest_for_one or simple_one_for_one, got "some"',
    ],
    [
      "max_restarts",
      { max_restarts: -1 },
      [INVALID("invalid_intensity"), -1],
      "max_restarts must be a whole number ≥ 0, got -1",
    ],
    [
      "max_restarts",
      { max_restarts: 1.5 },
      [INVALID("invalid_intensity"), 1.5],
      "max_restarts must be a whole number ≥ 0, got 1.5",
    ],
    [
      "max_seconds",
      { max_seconds: 0 },
      [INVALID("invalid_period"), 0],
      "max_seconds must be a whole number > 0, got 0",
    ],
    [
      "auto_shutdown",
      { auto_shutdown: true },
      [INVALID("invalid_auto_shutdown"), true],
      "auto_shutdown must be never, any_significant or all_significant, got true",
    ],
  ])("with a bad %s are refused", (_what, flags, reason, text) => {
    expect(checkFlags(flags)).toStrictEqual({ reason, text });
  });
});

describe("check_childspecs", () => {
  test("returns ok, or throws the first problem with its explanation", () => {
    expect(String(supervisor.check_childspecs([{ id: "a", task }]))).toBe("ok");
    expect(() => supervisor.check_childspecs([{ id: "a", task, restart: "always" as never }])).toThrow(OtpError);
  });
});
