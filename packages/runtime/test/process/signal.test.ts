import { KILL, NORMAL, SHUTDOWN, atoms } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { effectOf } from "../../src/process/signal.ts";

const { KILLED } = atoms;

const nothing = { does: "nothing" };
const message = { does: "message" };
const death = (reason: unknown) => ({ does: "death", reason });

// Erlang reference manual, Processes, "Receiving Exit Signals".
const table: [reason: unknown, linked: boolean, own: boolean, trapping: boolean, effect: unknown][] = [
  [KILL, false, false, false, death(KILLED)],
  [KILL, false, false, true, death(KILLED)],
  [KILL, false, true, false, death(KILLED)],
  [KILL, false, true, true, death(KILLED)],
  [KILL, true, false, false, death(KILL)],
  [KILL, true, false, true, message],
  [KILLED, true, false, false, death(KILLED)],
  [KILLED, true, false, true, message],
  [NORMAL, false, false, false, nothing],
  [NORMAL, false, false, true, message],
  [NORMAL, false, true, false, death(NORMAL)],
  [NORMAL, false, true, true, message],
  [NORMAL, true, false, false, nothing],
  [NORMAL, true, false, true, message],
  [SHUTDOWN, false, false, false, death(SHUTDOWN)],
  [SHUTDOWN, true, false, true, message],
  ["kill", false, false, true, message],
  ["kill", false, false, false, death("kill")],
  ["normal", false, false, false, death("normal")],
  ["normal", true, false, false, death("normal")],
  [undefined, true, false, false, death(undefined)],
  [["any", "term"], false, true, false, death(["any", "term"])],
];

const words = (reason: unknown, linked: boolean, own: boolean, trapping: boolean) =>
  [
    typeof reason === "string" ? `the string "${reason}"` : String(reason),
    linked ? "over a link" : own ? "sent by itself" : "sent by another",
    trapping ? "to a process that traps" : "to one that does not",
  ].join(", ");

describe("an exit signal", () => {
  test.each(table.map((row) => [words(row[0], row[1], row[2], row[3]), ...row] as const))(
    "%s",
    (_words, reason, linked, own, trapping, effect) => {
      expect(effectOf({ reason, linked, own }, trapping)).toStrictEqual(effect);
    },
  );
});
