/** The README's examples run unchanged, and print the output in their comments. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { erlang, logger } from "@otpts/runtime";
import { afterAll, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
// Inside the test package, so that the packages' names resolve; ignored by git.
const folder = join(root, "test/dist/readme");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const examples = [...readme.matchAll(/<!-- example:begin -->\s*```ts\n(.*?)```/gsu)].map(([, code]) => code as string);

test("every program in the README is an example that runs here", () => {
  expect(examples).toHaveLength(3);
  expect(readme.match(/^```ts$/gmu)).toHaveLength(examples.length);
});

test.each(examples.map((code, i) => [i + 1, code] as const))(
  "example %i of the README runs, prints the documented output and leaves nothing behind",
  async (i, code) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `example${i}.ts`);
    writeFileSync(file, code);
    const promised = [...code.matchAll(/console\.log\(.*\);? \/\/ (.*)$/gmu)].map(([, text]) => text);
    const printed: string[] = [];
    const spy = vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(format(...values)));
    const loud = logger.set_handler(undefined);
    try {
      await import(pathToFileURL(file).href);
    } finally {
      spy.mockRestore();
      logger.set_handler(loud);
    }
    expect(promised.length).toBeGreaterThan(1);
    expect(printed).toStrictEqual(promised);
    expect(erlang.processes()).toStrictEqual([]);
  },
);

test("the README names every script of package.json that readers need", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const name of ["demo", "test", "start", "conformance", "bench"]) {
    expect(Object.keys(scripts)).toContain(name);
    expect(readme).toContain(`npx -y pnpm@10 ${name}`);
  }
});

test("every relative link of a public page leads to a file, and none of a package's pages leaves its tarball", () => {
  const pages = ["README.md", "ARCHITECTURE.md"].map((page) => ({ page, within: root }));
  for (const name of ["runtime", "config"]) {
    const within = join(root, "packages", name);
    const docs = readdirSync(join(within, "docs")).filter((file) => file.endsWith(".md"));
    pages.push(...["README.md", ...docs.map((file) => `docs/${file}`)].map((page) => ({ page, within })));
  }
  const broken: string[] = [];
  let links = 0;
  for (const { page, within } of pages) {
    const file = join(within, page);
    for (const [, target = ""] of readFileSync(file, "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/gu)) {
      if (/^[a-z]+:/u.test(target)) continue;
      links += 1;
      const path = resolve(dirname(file), target);
      if (!path.startsWith(within + sep) || !existsSync(path)) broken.push(`${relative(root, file)}: ${target}`);
    }
  }
  expect(links).toBeGreaterThan(20);
  expect(broken).toStrictEqual([]);
});

test("every source file that ARCHITECTURE.md names exists", () => {
  const packages = ["runtime", "config"].map((name) => join(root, "packages", name, "src"));
  const files = packages.flatMap((src) => readdirSync(src, { recursive: true, encoding: "utf8" }));
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").replaceAll(
    /\{(\w+(?:,\w+)*)\}\.ts/gu,
    (_, names: string) => names.replaceAll(/\w+/gu, "$&.ts"),
  );
  const named = [...text.matchAll(/(?<![\w./])[\w/]+\.ts\b/gu)].map(([name]) => name);
  const known = (name: string) => files.some((file) => `/${file}`.endsWith(`/${name.split("/").at(-1)}`));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((name) => !known(name))).toStrictEqual([]);
});

test("the README links the page of every entry of the runtime", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "packages/runtime/package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  for (const entry of Object.keys(exports)) {
    const name = entry.slice(2);
    if (name === "" || name === "package.json") continue;
    expect(readme).toContain(`(packages/runtime/docs/${name}.md)`);
    expect(readme).toContain(`\`@otpts/runtime/${name}\``);
  }
});
