import { expect, test } from "vitest";
import { visible } from "../../src/dashboard/app/visible.ts";

test("an invisible or direction-changing character in a text is written as an escape", () => {
  expect(visible("safe\u202Eexe.txt")).toBe(String.raw`safe\u202eexe.txt`);
  expect(visible("a\u0000b\u001b[31m\u200b\u2066\ufeff\u2028")).toBe(
    String.raw`a\u0000b\u001b[31m\u200b\u2066\ufeff\u2028`,
  );
});

test("a character that belongs to a script or an emoji stays, and so does a line break", () => {
  for (const text of ["عربي", "می\u200cخواهم", "👩\u200d🚀", "two\nlines\tand a tab", "naïve – “ok”"])
    expect(visible(text)).toBe(text);
});
