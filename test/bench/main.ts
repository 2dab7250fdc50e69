import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { beam, node } from "./process.ts";
import type { Contestant } from "./process.ts";
import { derive, line, machine } from "./results.ts";
import type { Line, Results } from "./results.ts";
import { rounds } from "./rounds.ts";
import { derived, probes } from "./rows.ts";
import { table } from "./table.ts";

/** `pnpm bench`: every contender of every row in one run, as a table and, with `--json FILE`, as data. */

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: {
    json: { type: "string" },
    only: { type: "string" },
    contenders: { type: "string" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    "no-config": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const usage = `pnpm bench [options]
  --json FILE         also write the results as JSON
  --only ROW,ROW*     only these rows; a star stands for the rest of an id
  --contenders A,B    only these contenders
  --rounds N          rounds that count (default 5; quick 3)
  --quick             small sizes, few rounds: for development, not for publication
  --no-config         without the configuration section
Rows: ${probes.flatMap(({ rows }) => rows.map(({ id }) => id)).join(" ")}`;

/** The contenders of a section, by file name; "beam" is not a Node program. */
const field = {
  runtime: ["otpts", "beam", "nact", "xstate", "effect"],
  config: ["otpts_config", "node_config", "convict", "nconf", "c12"],
} as const;

/** Peers that cannot be measured, and why. */
const gone = {
  "@hamicek/noex": "no longer in the npm registry (noex 1.3.0 there is another library: Go-style error handling)",
};

const open = new Set<Contestant>();

if (options.help) console.log(usage);
else {
  const folder = await mkdtemp(path.join(tmpdir(), "otpts-bench-"));
  const end = async (): Promise<void> => {
    await Promise.all([...open].map((contestant) => contestant.close()));
    await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void end().then(() => process.exit(1)));
  try {
    await bench(folder);
  } finally {
    await end();
  }
}

async function bench(folder: string): Promise<void> {
  const count = Number(options.rounds ?? (options.quick ? 3 : 5));
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`Cannot run the benchmark: --rounds must be a whole number from 1, got "${options.rounds}"`);
  const only = options.only?.split(",");
  const chosen = (id: string): boolean =>
    only?.some((row) => (row.endsWith("*") ? id.startsWith(row.slice(0, -1)) : id === row)) ?? true;
  const skipped: Record<string, string> = { ...gone };
  const contenders: { name: string; notes: readonly string[] }[] = [];
  const lines: Line[] = [];

  for (const section of ["runtime", "config"] as const) {
    if (section === "config" && options["no-config"]) continue;
    const specs = probes.filter((spec) => spec.section === section && spec.rows.some(({ id }) => chosen(id)));
    if (specs.length === 0) continue;
    const contestants = await gather(field[section], folder, skipped);
    for (const { name, notes } of contestants) contenders.push({ name, notes });
    for (const spec of specs) {
      console.error(`${spec.group}: ${spec.rows.map(({ title }) => title.trim()).join("; ")}`);
      const columns = await rounds(spec, contestants, { rounds: count, quick: options.quick });
      for (const row of spec.rows) lines.push(line(spec, row, columns.get(row.metric) ?? new Map()));
    }
    for (const row of derived.filter((row) => row.section === section)) {
      const found = derive(row, lines);
      if (found !== undefined) lines.push(found);
    }
    await Promise.all(contestants.map((contestant) => contestant.close()));
  }

  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    rounds: count,
    quick: options.quick,
    contenders,
    skipped,
    rows: lines,
  };
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 1)}\n`);
  console.log(table(results));
}

async function gather(
  files: readonly string[],
  folder: string,
  skipped: Record<string, string>,
): Promise<Contestant[]> {
  const wanted = options.contenders?.split(",");
  const contestants: Contestant[] = [];
  for (const file of files) {
    if (wanted !== undefined && !wanted.includes(file)) continue;
    try {
      const contestant = await (file === "beam" ? beam(folder) : node(file, folder));
      open.add(contestant);
      contestants.push(contestant);
    } catch (error) {
      const missing = file === "beam" && (error as NodeJS.ErrnoException).code === "ENOENT";
      if (missing) skipped["BEAM"] = "erl and erlc are not installed";
      else skipped[file] = (error as Error).message;
    }
  }
  return contestants;
}
