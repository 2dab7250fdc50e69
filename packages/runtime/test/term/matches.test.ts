import { ErlangError, Exit, NOPROC, NORMAL, OtpError, SHUTDOWN, TIMEOUT, atoms, gen_server } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

const { ALREADY_STARTED, BADARG, FAILED_TO_START_CHILD } = atoms;
const where = [atoms.GEN_SERVER, atoms.CALL, ["db", "get"]];

describe("Exit.is", () => {
  test.each<[string, unknown, unknown, boolean]>([
    ["the reason itself", NORMAL, NORMAL, true],
    ["the tag of the reason", [TIMEOUT, where], TIMEOUT, true],
    ["the tag of the tag", [[atoms.CALLING_SELF, 1], where], atoms.CALLING_SELF, true],
    ["another one", [TIMEOUT, where], NOPROC, false],
    ["a later element", [NOPROC, where], atoms.GEN_SERVER, false],
    ["a string where an atom is meant", [TIMEOUT, where], "timeout", false],
    ["a text", "enough", "enough", true],
    ["a tuple", [[SHUTDOWN, "moved"], where], [SHUTDOWN, "moved"], true],
    [
      "a tuple's beginning",
      [SHUTDOWN, [FAILED_TO_START_CHILD, "db", 1]],
      [SHUTDOWN, [FAILED_TO_START_CHILD, "db"]],
      true,
    ],
    [
      "a tuple of another child",
      [SHUTDOWN, [FAILED_TO_START_CHILD, "db", 1]],
      [SHUTDOWN, [FAILED_TO_START_CHILD, "x"]],
      false,
    ],
    ["a tuple with any term in it", [SHUTDOWN, [1, "db", 7]], [SHUTDOWN, [undefined, "db"]], true],
    ["a tuple that is longer", [SHUTDOWN], [SHUTDOWN, undefined], false],
    ["a class of errors", [[new TypeError("x"), "stack"], where], TypeError, true],
    ["another class of errors", [[new TypeError("x"), "stack"], where], RangeError, false],
    ["an empty tuple", [], NOPROC, false],
    ["undefined", undefined, undefined, true],
    ["NaN", NaN, NaN, true],
  ])("compares with %s", (_what, reason, pattern, expected) => {
    expect(Exit.is(new Exit(reason), pattern)).toBe(expected);
  });

  test("without a pattern distinguishes an Exit from everything else", () => {
    expect(Exit.is(new Exit(1))).toBe(true);
    for (const other of [new OtpError(1), new ErlangError(1), new Error("x"), "x", undefined, null, { reason: 1 }])
      expect(Exit.is(other)).toBe(false);
  });

  test("reports no time-out for an error from outside the runtime", () => {
    expect(Exit.is({ reason: [TIMEOUT, where] }, TIMEOUT)).toBe(false);
  });

  test("never throws, for any value", () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const looped: unknown[] = [];
    looped.push(looped);
    expect(Exit.is(proxy, TIMEOUT)).toBe(false);
    for (const hostile of [proxy, [proxy], looped]) expect(Exit.is(new Exit(hostile), TIMEOUT)).toBe(false);
    expect(Exit.is(new Exit([proxy]), TypeError)).toBe(false);
    expect(Exit.is(new Exit(looped), looped)).toBe(true);
  });

  test("narrows the type of a caught value", async () => {
    const error: unknown = await gen_server.call("nobody", 1).catch((thrown: unknown) => thrown);
    if (!Exit.is(error, NOPROC)) throw new Error("it is no noproc");
    expect(error.reason).toStrictEqual([NOPROC, [atoms.GEN_SERVER, atoms.CALL, ["nobody", 1]]]);
  });
});

test("OtpError.is and ErlangError.is compare the reason of their own class", () => {
  expect(OtpError.is(new OtpError([ALREADY_STARTED, 1]), ALREADY_STARTED)).toBe(true);
  expect(OtpError.is(new Exit([ALREADY_STARTED, 1]), ALREADY_STARTED)).toBe(false);
  expect(ErlangError.is(new ErlangError(BADARG), BADARG)).toBe(true);
  expect(ErlangError.is(new ErlangError(BADARG), NOPROC)).toBe(false);
});
