import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { insert, pages } from "./figures.ts";
import { packageFolder } from "./process.ts";
import type { Results } from "./results.ts";

/** `node test/dist/bench/readme.js [RESULTS.json]`: puts a run's figures between the markers of each page that shows some. */

const root = path.join(packageFolder(), "..");
const [json = path.join(packageFolder(), "bench", "results.json")] = process.argv.slice(2);
const results = JSON.parse(await readFile(json, "utf8")) as Results;
for (const page of pages) {
  const file = path.join(root, page.path);
  await writeFile(file, insert(await readFile(file, "utf8"), results, page));
}
