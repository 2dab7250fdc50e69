/** Properties with a seed that is printed, and that can be given: `OTPTS_SEED=42 npx vitest run test/properties`. */
import fc from "fast-check";

/** Checks a property. A failure shows the smallest program found, with the seed and path that lead to it. */
export async function check<T>(property: fc.IAsyncPropertyWithHooks<T>, numRuns: number): Promise<void> {
  const seed = seedOf();
  console.info(`seed ${seed}`);
  await fc.assert(property, { seed, numRuns });
}

/** The seed given, or a new one. */
export function seedOf(): number {
  const given = process.env["OTPTS_SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
