import type { Contender, Size } from "./contender.ts";

/**
 * A contender's process: `node runner.js NAME`, which receives the probes to run over IPC, one at a time.
 *
 * `node --expose-gc runner.js NAME PROBE key=value…` runs one probe and prints its metrics, which is the form to give
 * `node --cpu-prof`.
 */

/** From the parent: a probe to run. */
export interface Order {
  readonly probe: string;
  readonly size: Readonly<Record<string, number>>;
}

/** To the parent: a greeting once, then the result of each order. */
export type Answer =
  | { readonly ready: Omit<Contender, "probes"> }
  | { readonly metrics: Readonly<Record<string, number>> }
  | { readonly failed: string };

const [name = "", probe, ...sizes] = process.argv.slice(2);
const { contender } = (await import(`./contenders/${name}.js`)) as { contender: Contender };

async function run({ probe: wanted, size }: Order): Promise<Answer> {
  const body = contender.probes[wanted];
  if (body === undefined) return { failed: contender.absent[wanted] ?? `"${name}" has no probe "${wanted}"` };
  globalThis.gc?.();
  try {
    return { metrics: await body(size as unknown as Size) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

if (probe !== undefined) {
  const size = Object.fromEntries(sizes.map((size) => size.split("=")).map(([key, value]) => [key, Number(value)]));
  console.log(await run({ probe, size }));
  process.exit();
} else {
  const send = (answer: Answer): void => void process.send?.(answer);
  process.on("message", (order: Order) => void run(order).then(send));
  process.on("disconnect", () => process.exit());
  const { name: title, notes, absent } = contender;
  send({ ready: { name: title, notes, absent } });
}
