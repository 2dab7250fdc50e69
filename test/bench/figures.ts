import { base, ours, oursConfig, ratio, value } from "./results.ts";
import type { Line, Results } from "./results.ts";
import { figure, notes, target, times } from "./table.ts";

/** The figures in the documentation: Markdown made from a run's JSON, between two markers. */

export const begin = "<!-- bench:begin -->";
export const end = "<!-- bench:end -->";

/** The part of a run that a page shows. */
export interface Page {
  /** Its path in the repository. */
  readonly path: string;
  readonly sections: readonly Line["section"][];
  readonly groups: readonly string[];
  /** Whether to show the target of each row, and the limits of each peer's operations. */
  readonly whole: boolean;
}

/** The pages that show figures; all of them are what `pnpm bench` prints. */
export const pages: readonly Page[] = [
  {
    path: "README.md",
    sections: ["runtime", "config"],
    groups: ["Calls", "Messages", "Life", "Start", "Reads", "Changes"],
    whole: false,
  },
  {
    path: "packages/runtime/docs/scheduler.md",
    sections: ["runtime"],
    groups: ["Calls", "Messages", "Life", "Under load", "Scale"],
    whole: true,
  },
];

/**
 * @param markdown a page that holds both markers, the first before the second
 * @returns the page with the figures of `results` between them
 * @throws Error when a marker is missing
 */
export function insert(markdown: string, results: Results, page: Page): string {
  const from = markdown.indexOf(begin);
  const to = markdown.indexOf(end);
  if (from === -1 || to < from)
    throw new Error(`Cannot insert the benchmark's figures: the page must hold "${begin}" and then "${end}"`);
  return `${markdown.slice(0, from + begin.length)}\n\n${figures(results, page)}\n\n${markdown.slice(to)}`;
}

/** The figures as Markdown. */
export function figures(results: Results, { sections, groups, whole }: Page): string {
  const { machine, rounds, date } = results;
  const parts: string[] = [];
  const shown: Line[] = [];
  for (const section of sections) {
    const lines = results.rows.filter((line) => line.section === section && groups.includes(line.group));
    if (lines.length > 0) parts.push(table(lines, section === "config" ? oursConfig : ours, whole));
    shown.push(...lines);
  }
  const beam = results.contenders.find(({ name }) => name === base)?.notes[0];
  parts.push(
    `Medians of ${rounds} interleaved rounds in one run of \`pnpm bench\`, ${date}: ${machine.cpu}, ${machine.cores} cores, ` +
      `Node ${machine.node}${beam === undefined ? "" : `; BEAM: ${beam}`}.` +
      (whole ? "" : " What each peer's operations leave out is printed under the benchmark's own table."),
  );
  if (whole) {
    const peers = results.contenders.filter(
      ({ name }) => name !== base && shown.some((line) => line.figures[name] !== undefined),
    );
    const said = notes({ ...results, contenders: peers, rows: shown });
    parts.push(said.map((note) => `- ${note}`).join("\n"));
  }
  return parts.join("\n\n");
}

function table(lines: readonly Line[], mine: string, whole: boolean): string {
  const names = new Set(lines.flatMap((line) => Object.keys(line.figures)));
  const withBase = names.delete(base);
  names.delete(mine);
  const head = ["", `**${mine}**`, ...(withBase ? [base, "ratio"] : []), ...(whole ? ["target"] : []), ...names];
  const rows = lines.map((line) => {
    const own = ratio(line, mine);
    return [
      line.title.trim(),
      `**${cell(line, mine)}**`,
      ...(withBase ? [cell(line, base), own === undefined || line.unit === "×" ? "–" : times(own)] : []),
      ...(whole ? [target(line)] : []),
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
