import { ahead, base, ours, oursConfig, ratio, reached, value } from "./results.ts";
import type { Line, Results } from "./results.ts";
import type { Unit } from "./rows.ts";

/** The results as text: one table a section, then the limits of the peers' operations. */
export function table(results: Results): string {
  const { machine } = results;
  const text = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}; ` +
      `medians of ${results.rounds} interleaved rounds${results.quick ? ", quick (small sizes)" : ""}`,
  ];
  for (const section of ["runtime", "config"] as const) {
    const lines = results.rows.filter((line) => line.section === section);
    if (lines.length > 0) text.push("", ...columns(sectionTable(lines, section)));
  }
  text.push("", ...notes(results));
  return text.join("\n");
}

/** A figure in readable form: three digits and a unit. */
export function figure(amount: number, unit: Unit): string {
  switch (unit) {
    case "ns":
      if (amount >= 999.5e6) return `${digits(amount / 1e9)} s`;
      if (amount >= 999.5e3) return `${digits(amount / 1e6)} ms`;
      return amount >= 999.5 ? `${digits(amount / 1e3)} µs` : `${digits(amount)} ns`;
    case "ms":
      return `${digits(amount)} ms`;
    case "/s":
      return amount >= 999.5e3 ? `${digits(amount / 1e6)} M/s` : `${digits(amount / 1e3)} k/s`;
    case "bytes":
      return `${Math.round(amount).toLocaleString("en")} B`;
    case "×":
      return times(amount);
  }
}

export function times(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(2) : ratio < 100 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString("en")}×`;
}

function digits(amount: number): string {
  return amount >= 99.95 ? String(Math.round(amount)) : amount >= 9.995 ? amount.toFixed(1) : amount.toFixed(2);
}

function sectionTable(lines: readonly Line[], section: "runtime" | "config"): string[][] {
  const mine = section === "config" ? oursConfig : ours;
  const names = new Set(lines.flatMap((line) => Object.keys(line.figures)));
  const withBase = names.delete(base);
  names.delete(mine);
  const head = ["", mine, ...(withBase ? [base, "ratio"] : []), "target", "", ...names, "ahead of us"];
  const rows = [head];
  let group = "";
  for (const line of lines) {
    if (line.group !== group) rows.push([(group = line.group)]);
    const own = ratio(line, mine);
    rows.push([
      `  ${line.title}`,
      cell(line, mine),
      ...(withBase ? [cell(line, base), own === undefined || line.unit === "×" ? "" : times(own)] : []),
      target(line),
      { true: "reached", false: "MISSED", undefined: "" }[String(reached(line)) as "true"],
      ...[...names].map((name) => cell(line, name)),
      ahead(line).join(", "),
    ]);
  }
  return rows;
}

function cell(line: Line, contender: string): string {
  const amount = value(line, contender);
  return amount === undefined ? "–" : figure(amount, line.unit);
}

/** The target of a row: a maximum, or a maximum ratio to the BEAM's figure. */
export function target(line: Line): string {
  if (line.limit !== undefined) return `≤ ${figure(line.limit, line.unit)}`;
  return line.target === undefined ? "" : `≤ ${times(line.target)}`;
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    if (row.length > 1) row.forEach((text, i) => (widths[i] = Math.max(widths[i] ?? 0, text.length)));
  return rows.map((row) =>
    row
      .map((text, i) => (i === 0 || i === row.length - 1 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** The limits of the peers' operations, a sentence each. */
export function notes(results: Results): string[] {
  const text: string[] = [];
  for (const { name, notes: said } of results.contenders) for (const note of said) text.push(`${name}: ${note}`);
  for (const [name, why] of Object.entries(results.skipped)) text.push(`${name}: left out, ${why}`);
  for (const line of results.rows) if (line.note !== undefined) text.push(`"${line.title}": ${line.note}`);
  const dashes = new Map<string, string[]>();
  for (const line of results.rows)
    for (const [name, figure] of Object.entries(line.figures))
      if ("absent" in figure) {
        const key = `${name} has no figure (${figure.absent})`;
        dashes.set(key, [...(dashes.get(key) ?? []), line.title.trim()]);
      }
  for (const [why, [first, ...others]] of dashes)
    text.push(`${why}: ${first}${others.length === 0 ? "" : ` and ${others.length} more`}`);
  return text;
}
