import { Atom, ErlangError, atom, atoms } from "@otpts/runtime";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import { program } from "../kit/program.ts";

const { BADARG, SYSTEM_LIMIT } = atoms;

function reasonOf(act: () => unknown): { reason: unknown; message: string } {
  try {
    act();
  } catch (error) {
    return { reason: (error as ErlangError).reason, message: (error as Error).message };
  }
  throw new Error("it did not fail");
}

describe("ensure", () => {
  test("returns the same object for the same name", () => {
    expect(atom.ensure("same")).toBe(atom.ensure("same"));
    expect(atom.ensure("same")).not.toBe(atom.ensure("other"));
    expect(atom.ensure("same").name).toBe("same");
  });

  test.each(["", "constructor", "__proto__", "toString", "with space", "ünïcödé", "𝕒"])(
    "accepts %j as a name",
    (name) => {
      expect(atom.ensure(name).name).toBe(name);
      expect(atom.ensure(name)).toBe(atom.existing(name));
    },
  );

  test("accepts 255 characters, counted as characters, and refuses 256", () => {
    expect(atom.ensure("𝕒".repeat(255)).name).toHaveLength(510);
    expect(reasonOf(() => atom.ensure("a".repeat(256)))).toStrictEqual({
      reason: SYSTEM_LIMIT,
      message: `Cannot make atom "${"a".repeat(20)}…": a name has at most 255 characters, this one has 256`,
    });
    expect(atom.exists("a".repeat(256))).toBe(false);
  });

  test.each([1, undefined, null, {}, []])("refuses %j", (name) => {
    expect(reasonOf(() => atom.ensure(name as never)).reason).toBe(BADARG);
  });
});

describe("existing and exists", () => {
  test("never create an atom", () => {
    const before = atom.count();
    expect(atom.exists("nobody made this")).toBe(false);
    expect(reasonOf(() => atom.existing("nobody made this"))).toStrictEqual({
      reason: BADARG,
      message: "Cannot find atom 'nobody made this': no atom of this name exists",
    });
    expect(atom.count()).toBe(before);
    atom.ensure("somebody made this");
    expect(atom.exists("somebody made this")).toBe(true);
    expect(atom.count()).toBe(before + 1);
  });
});

describe("an atom", () => {
  test("is an Atom, frozen, printed like in Erlang, and converted to its name in text and JSON", () => {
    const one = atom.ensure("config_changed");
    expect(one).toBeInstanceOf(Atom);
    expect(Object.isFrozen(one)).toBe(true);
    expect(`${one}`).toBe("config_changed");
    expect(JSON.stringify({ one })).toBe('{"one":"config_changed"}');
    expect(inspect(one)).toBe("config_changed");
    expect(inspect(atom.ensure("it's a\\name"))).toBe("'it\\'s a\\\\name'");
    expect(inspect(atom.ensure("EXIT"))).toBe("'EXIT'");
  });

  test("is not equal to another in structural comparisons of tests", () => {
    expect(atom.ensure("a")).not.toStrictEqual(atom.ensure("b"));
  });
});

describe("the table", () => {
  test("is shared by two copies of the package, and keeps its atoms usable when it is full", async () => {
    const { code, stdout, stderr } = await program(`
      const { atom, atoms: { SYSTEM_LIMIT }, OK } = await import("@otpts/runtime");
      const copy = await import("./dist/term/atom.js?copy");
      console.log(copy.ensure("shared") === atom.ensure("shared"), copy.ensure !== atom.ensure);
      for (let n = atom.count(); n < atom.limit; n++) atom.ensure("a" + n);
      try { atom.ensure("one too many"); } catch (error) { console.log(error.reason === SYSTEM_LIMIT, error.message); }
      console.log(atom.ensure("ok") === OK, atom.existing("a1000").name, atom.count() === atom.limit);
    `);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toStrictEqual([
      "true true",
      "true Cannot make atom 'one too many': the table is full (1048576 atoms). Names from outside belong in strings; use atom.existing for those that must be atoms",
      "true a1000 true",
      "",
    ]);
  });
});
