/**
 * `pnpm conformance [--only id] [--dispatcher nact]`: does the runtime print what real Erlang printed?
 *
 * Scenarios mostly wait, so a few threads share them; each thread has its own runtime and runs one scenario at a time.
 */
import { parseArgs } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { additionalScenarios, scenarios } from "./catalog.ts";
import type { Entry } from "./catalog.ts";
import { compare } from "./harness/diff.ts";
import { DISPATCHERS, dispatch } from "./harness/dispatch.ts";
import { runUndisturbed } from "./harness/run.ts";

interface Verdict {
  readonly id: string;
  /** What differs; empty if nothing does. */
  readonly difference: readonly string[];
}

const THREADS = 4;

if (isMainThread) await main();
else await serve();

async function main(): Promise<void> {
  const args = process.argv.slice(2).filter((arg) => arg !== "--");
  const options = { only: { type: "string" }, dispatcher: { type: "string", default: "turn" } } as const;
  const { only, dispatcher } = parseArgs({ args, options }).values;
  const wanted = (entry: Entry): boolean => only === undefined || entry.id === only;
  const given = scenarios().filter(wanted);
  const further = additionalScenarios().filter(wanted);
  if (given.length + further.length === 0) return refuse(`No scenario is called "${only}"`);
  if (!DISPATCHERS.includes(dispatcher)) return refuse(`No dispatcher is called "${dispatcher}": give turn or nact`);

  const verdicts = await judge([...given, ...further], dispatcher);
  let failed = 0;
  if (further.length > 0) {
    console.log("additional scenarios");
    failed += print(further, verdicts);
  }
  if (given.length > 0) {
    console.log(further.length > 0 ? "\nscenarios of the specification" : "scenarios of the specification");
    failed += print(given, verdicts);
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

function refuse(why: string): void {
  console.error(why);
  process.exitCode = 1;
}

function print(entries: readonly Entry[], verdicts: ReadonlyMap<string, Verdict>): number {
  let failed = 0;
  for (const { id, title } of entries) {
    const difference = verdicts.get(id)?.difference ?? ["it did not run"];
    if (difference.length > 0) failed += 1;
    console.log(`${difference.length === 0 ? "pass" : "FAIL"}  ${id.padEnd(28)} ${title}`);
    for (const line of difference) console.log(`      ${line}`);
  }
  console.log(`${entries.length - failed} passed, ${failed} failed`);
  return failed;
}

/** Hands the entries to threads, one at a time, and collects their results. A thread that breaks down is replaced. */
async function judge(entries: readonly Entry[], dispatcher: string): Promise<ReadonlyMap<string, Verdict>> {
  const queue = entries.map(({ id }) => id);
  const verdicts = new Map<string, Verdict>();
  const thread = async (): Promise<void> => {
    while (queue.length > 0) await work(queue, verdicts, dispatcher);
  };
  await Promise.all(Array.from({ length: Math.min(THREADS, queue.length) }, thread));
  return verdicts;
}

/** One thread, until the queue is empty or it breaks down. */
function work(queue: string[], verdicts: Map<string, Verdict>, dispatcher: string): Promise<void> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { dispatcher } });
    let id: string | undefined;
    const next = (): void => {
      id = queue.shift();
      if (id === undefined) void worker.terminate();
      else worker.postMessage(id);
    };
    worker.on("online", next);
    worker.on("message", (verdict: Verdict) => {
      verdicts.set(verdict.id, verdict);
      next();
    });
    worker.on("error", (error: Error) => {
      if (id !== undefined)
        verdicts.set(id, { id, difference: [`the thread broke down: ${error.stack ?? error.message}`] });
    });
    worker.on("exit", () => resolve());
  });
}

async function serve(): Promise<void> {
  await dispatch((workerData as { dispatcher: string }).dispatcher);
  const byId = new Map([...scenarios(), ...additionalScenarios()].map((entry) => [entry.id, entry]));
  parentPort?.on("message", (id: string) => void answer(byId.get(id)!));
}

async function answer(entry: Entry): Promise<void> {
  const { lines, left } = await runUndisturbed(entry.run, entry.trace);
  const difference = [...compare(entry.trace, lines), ...left.map((what) => `left behind: ${what}`)];
  parentPort?.postMessage({ id: entry.id, difference } satisfies Verdict);
}
