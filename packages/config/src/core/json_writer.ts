/**
 * A value as JSON, which is YAML as well; big integers keep their digits: `readJson` reads them again.
 *
 * @param indent spaces for each level; 0: one line
 */
export function writtenOf(value: unknown, indent = 0): string {
  const marked = (_key: string, one: unknown): unknown => (typeof one === "bigint" ? `\u0000${one}\u0000` : one);
  const text = JSON.stringify(value, marked, indent) ?? "null";
  return text.replace(/"\\u0000(-?\d+)\\u0000"/g, "$1").replaceAll("\u007f", "\\u007f");
}
