import { base, ours, oursConfig, ratio, value } from "./results.ts";
import type { Line, Results } from "./results.ts";
import { figure, times } from "./table.ts";

/** The README's figures: Markdown made from a run's JSON, between two markers. */

export const begin = "<!-- bench:begin -->";
export const end = "<!-- bench:end -->";

/** Groups of rows that the README shows; the whole table is what `pnpm bench` prints. */
const shown = ["Calls", "Messages", "Life", "Reads", "Changes"];

/**
 * @param markdown a page that holds both markers, the first before the second
 * @returns the page with the figures of `results` between them
 * @throws Error when a marker is missing
 */
export function insert(markdown: string, results: Results): string {
  const from = markdown.indexOf(begin);
  const to = markdown.indexOf(end);
  if (from === -1 || to < from)
    throw new Error(`Cannot insert the benchmark's figures: the page must hold "${begin}" and then "${end}"`);
  return `${markdown.slice(0, from + begin.length)}\n\n${figures(results)}\n\n${markdown.slice(to)}`;
}

/** The figures as Markdown. */
export function figures(results: Results): string {
  const { machine, rounds, date } = results;
  const parts: string[] = [];
  for (const section of ["runtime", "config"] as const) {
    const lines = results.rows.filter((line) => line.section === section && shown.includes(line.group));
    if (lines.length > 0) parts.push(table(lines, section === "config" ? oursConfig : ours));
  }
  const beam = results.contenders.find(({ name }) => name === base)?.notes[0];
  parts.push(
    `Medians of ${rounds} interleaved rounds in one run of \`pnpm bench\`, ${date}: ${machine.cpu}, ${machine.cores} cores, ` +
      `Node ${machine.node}${beam === undefined ? "" : `; BEAM: ${beam}`}. What each peer's operations leave out is printed under the benchmark's own table.`,
  );
  return parts.join("\n\n");
}

function table(lines: readonly Line[], mine: string): string {
  const names = new Set(lines.flatMap((line) => Object.keys(line.figures)));
  const withBase = names.delete(base);
  names.delete(mine);
  const head = ["", `**${mine}**`, ...(withBase ? [base, "ratio"] : []), ...names];
  const rows = lines.map((line) => {
    const own = ratio(line, mine);
    return [
      line.title.trim(),
      `**${cell(line, mine)}**`,
      ...(withBase ? [cell(line, base), own === undefined ? "–" : times(own)] : []),
      ...[...names].map((name) => cell(line, name)),
    ];
  });
  return aligned([head, ...rows]);
}

/** A Markdown table as the formatter writes it: columns of one width, all but the first to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, i) => Math.max(4, ...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (row: readonly string[]): string[] =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)));
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [pad(head), rule, ...body.map(pad)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cell(line: Line, contender: string): string {
  const amount = value(line, contender);
  return amount === undefined ? "–" : figure(amount, line.unit);
}
