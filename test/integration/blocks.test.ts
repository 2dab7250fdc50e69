import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";

/** The headings in the specification that have a code block, in its order. */
const headings = [
  "Basic Configuration Access",
  "Configuration Sources",
  "Change Notifications",
  "Atom-Based Message Dispatch",
  "Configuration Manager GenServer",
  "Public API",
  "File Source",
  "Environment Source",
  "Consul/External Source",
  "Adding to Supervision Tree",
  "Configuration-Driven Process Initialization",
  "Runtime Configuration Updates",
  "Configuration Validation",
  "Configuration Templates",
  "Integration with Telemetry",
];

const here = new URL(".", import.meta.url);
const fileOf = (heading: string, i: number) =>
  `${String(i + 1).padStart(2, "0")}_${heading.toLowerCase().replaceAll(/[^a-z]+/g, "_")}.test.ts`;

test("each code block of the specification has one test file, which names it in its first lines", async () => {
  const files = (await readdir(here)).filter((name) => /^\d\d_/.test(name)).sort();
  expect(files).toEqual(headings.map(fileOf));
  for (const [i, name] of files.entries()) {
    const [head] = (await readFile(new URL(name, here), "utf8")).split("\nimport", 1);
    expect(head).toContain(`"${headings[i]}"`);
  }
});

test("the table in README.md has each block and its file", async () => {
  const rows = (await readFile(new URL("README.md", here), "utf8")).matchAll(/^\| (.+?) +\| `(.+?)` *\|$/gm);
  expect([...rows].map(([, heading, file]) => [heading, file])).toEqual(
    headings.map((heading, i) => [heading, fileOf(heading, i)]),
  );
});

test("the blocks' tests import only public entries", async () => {
  for (const name of (await readdir(here)).filter((file) => /^\d\d_/.test(file))) {
    const imports = (await readFile(new URL(name, here), "utf8")).matchAll(/from "(.+?)"/g);
    for (const [, specifier] of imports)
      expect([name, specifier]).toEqual([
        name,
        expect.stringMatching(/^(@otpts\/(runtime|config)|node:.+|vitest|\.\/(kit|consul_agent)\.ts)$/),
      ]);
  }
});
