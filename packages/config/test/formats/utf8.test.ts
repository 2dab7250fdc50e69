import { describe, expect, test } from "vitest";

import { SyntaxFault } from "../../src/formats/format.ts";
import { decode_utf8 } from "../../src/formats/utf8.ts";

const fault = (bytes: Uint8Array): SyntaxFault => {
  try {
    decode_utf8(bytes);
  } catch (error) {
    return error as SyntaxFault;
  }
  throw new Error("Expected a fault");
};

describe("decode_utf8", () => {
  test("removes the byte order mark and keeps everything else", () => {
    expect(decode_utf8(Buffer.from("\ufeffa = 'é'\r\n"))).toBe("a = 'é'\r\n");
    expect(decode_utf8(Buffer.from(""))).toBe("");
    expect(decode_utf8(Buffer.from("a\ufeffb\0"))).toBe("a\ufeffb\0");
  });

  test.each([
    [Buffer.concat([Buffer.from("a = 1\nb = 'é"), Buffer.from([0xff]), Buffer.from("'\n")]), 13, 2, 8],
    [Buffer.from([0xe9]), 0, 1, 1],
    [Buffer.concat([Buffer.from("ab\n"), Buffer.from([0xc3])]), 3, 2, 1],
    [Buffer.concat([Buffer.from("ab\n"), Buffer.from([0xed, 0xa0, 0x80])]), 3, 2, 1],
  ])("reports where %j stops being UTF-8", (bytes, offset, line, column) => {
    const found = fault(bytes);
    expect(found).toMatchObject({ code: "not_utf8", position: { line } });
    expect(found.message).toMatch(/^not UTF-8 at byte \d+$/);
    expect(Math.abs(Number(found.message.split(" ").at(-1)) - offset)).toBeLessThanOrEqual(1);
    expect(Math.abs(found.position!.column - column)).toBeLessThanOrEqual(1);
  });

  test("names UTF-16 in its error", () => {
    expect(fault(Buffer.from("\ufeffa = 1\n", "utf16le")).message).toBe("not UTF-8 but UTF-16, by its byte order mark");
  });
});
