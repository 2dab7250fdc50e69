/** The difference of two traces, line by line: `-` recorded but not written, `+` written but not recorded. Empty if equal. */
export function compare(recorded: readonly string[], written: readonly string[]): readonly string[] {
  if (recorded.length === written.length && recorded.every((line, index) => line === written[index])) return [];
  const common = longestCommon(recorded, written);
  const lines: string[] = [];
  let r = 0;
  let w = 0;
  for (const shared of [...common, undefined]) {
    while (r < recorded.length && recorded[r] !== shared) lines.push(`- ${recorded[r++]}`);
    while (w < written.length && written[w] !== shared) lines.push(`+ ${written[w++]}`);
    if (shared !== undefined) lines.push(`  ${shared}`);
    r += 1;
    w += 1;
  }
  return lines;
}

function longestCommon(x: readonly string[], y: readonly string[]): readonly string[] {
  const lengths = Array.from({ length: x.length + 1 }, () => Array.from({ length: y.length + 1 }, () => 0));
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1) {
      lengths[i]![j] = x[i] === y[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const common: string[] = [];
  for (let i = 0, j = 0; i < x.length && j < y.length;) {
    if (x[i] === y[j]) {
      common.push(x[i]!);
      i += 1;
      j += 1;
    } else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i += 1;
    else j += 1;
  }
  return common;
}
