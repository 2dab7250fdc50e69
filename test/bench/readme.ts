import { readFile, writeFile } from "node:fs/promises";
import { insert } from "./figures.ts";
import type { Results } from "./results.ts";

/** `node test/dist/bench/readme.js [RESULTS.json] [PAGE.md]`: puts a run's figures between the page's markers. */

const [json = "test/bench/results.json", page = "README.md"] = process.argv.slice(2);
const results = JSON.parse(await readFile(json, "utf8")) as Results;
await writeFile(page, insert(await readFile(page, "utf8"), results));
