/** What a TypeScript program gets of the runtime, as it is installed: from its editor, and from its compiler. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

import { languageServer } from "./typescript/language_server.ts";

const root = resolve(import.meta.dirname, "../..");
const runtime = join(root, "packages/runtime");
const compiler = join(root, "node_modules/typescript/bin/tsc");
const work = mkdtempSync(join(tmpdir(), "otpts-typescript-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Manifest {
  readonly exports: Readonly<Record<string, string | object>>;
}
const { exports } = JSON.parse(readFileSync(join(runtime, "package.json"), "utf8")) as Manifest;
const entries = Object.keys(exports)
  .filter((entry) => entry !== "./package.json" && entry !== "./nact")
  .map((entry) => entry.slice(1));

// As npm installs it: a folder of the program, and no link into this repository.
beforeAll(() => {
  const installed = join(work, "node_modules/@otpts/runtime");
  mkdirSync(installed, { recursive: true });
  cpSync(join(runtime, "package.json"), join(installed, "package.json"));
  cpSync(join(runtime, "lib"), join(installed, "lib"), { recursive: true });
  symlinkSync(join(root, "node_modules/@types"), join(work, "node_modules/@types"));
  const api = join(runtime, "node_modules/@opentelemetry");
  symlinkSync(api, join(work, "node_modules/@opentelemetry"));
  writeFileSync(join(work, "package.json"), '{ "type": "module" }');
});

const options = {
  strict: true,
  target: "es2022",
  module: "nodenext",
  types: ["node"],
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
};

/** Compiles files as parts of one program, and returns the compiler's messages. */
async function compile(files: readonly string[], more: object): Promise<string> {
  const project = join(work, "tsconfig.compiled.json");
  writeFileSync(project, JSON.stringify({ compilerOptions: { ...options, ...more }, files }));
  return promisify(execFile)(process.execPath, [compiler, "-p", project], { cwd: work }).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
}

test("results of the runtime's functions can be exported: the compiler finds a name for each type", async () => {
  const names = ["exported", "entries"];
  for (const name of names) {
    cpSync(join(import.meta.dirname, `typescript/${name}.ts`), join(work, `${name}.ts`));
  }
  const files = names.map((name) => `${name}.ts`);
  expect(await compile(files, { declaration: true, emitDeclarationOnly: true, outDir: "out" })).toBe("");
  for (const name of names) {
    const declared = readFileSync(join(work, `out/${name}.d.ts`), "utf8");
    const foreign = [...declared.matchAll(/(?:from |import\()"([^"]+)"/gu)].map(([, from]) => from as string);
    expect(foreign.filter((from) => !from.startsWith("@otpts/runtime"))).toStrictEqual([]);
    expect(declared).not.toMatch(/\bany\b/u);
  }
});

test("an editor shows the documentation of every entry and all its exports", async () => {
  const imports = entries.map((entry, at) => `import * as entry${at} from "@otpts/runtime${entry}";`);
  const main = 'import { erlang, gen_server, supervisor } from "@otpts/runtime";';
  const names: string[] = ["erlang", "gen_server", "supervisor"];
  for (const [at, entry] of entries.entries()) {
    const module = (await import(`@otpts/runtime${entry}`)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      names.push(`entry${at}.${name}`);
      if (name === "atoms" || Object.prototype.toString.call(value) !== "[object Module]") continue;
      for (const member of Object.keys(value as object)) names.push(`entry${at}.${name}.${member}`);
    }
  }
  expect(names.length).toBeGreaterThan(250);
  const lines = [main, ...imports, ...names.map((name) => `${name};`)];
  const text = lines.join("\n");
  const file = join(work, "hovered.ts");
  writeFileSync(file, text);
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["hovered.ts"] }));
  const server = await languageServer(compiler, work, file, text);
  try {
    const undocumented: string[] = [];
    for (const [at, line] of lines.entries()) {
      if (line.startsWith("import")) continue;
      const shown = await server.hover(at, line.length - 2);
      if (!/```\s+\S/u.test(shown)) undocumented.push(`${line} ${shown}`);
    }
    expect(undocumented).toStrictEqual([]);
  } finally {
    server.end();
  }
}, 120_000);

test.each(["runtime", "config"])("tools that do not read exports find the same files of %s", (name) => {
  const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) as {
    readonly main: string;
    readonly types: string;
    readonly typesVersions: { readonly "*": { readonly "*": readonly string[] } };
    readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  };
  const { ".": main, "./package.json": _manifest, ...others } = manifest.exports;
  expect({ types: manifest.types, default: manifest.main }).toMatchObject({
    types: main?.types,
    default: main?.default,
  });
  // TypeScript's `moduleResolution: node` tries these one after the other, also for `types`.
  const [first, second] = manifest.typesVersions["*"]["*"];
  for (const [entry, { types }] of Object.entries(others)) expect(first?.replace("*", entry.slice(2))).toBe(types);
  expect(second?.replace("*", manifest.types.slice(2))).toBe(manifest.types);
});
