/** Imports go only leftward, and in no circle: the rules of ARCHITECTURE.md, checked on the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

interface Import {
  readonly from: string;
  readonly to: string;
  /** Only types: gone when the program runs. */
  readonly typeOnly: boolean;
}

// The layers of each package, leftmost first. A file imports from its own layer or from one further left.
const layers: Readonly<Record<string, readonly { readonly name: string; readonly holds: RegExp }[]>> = {
  runtime: [
    { name: "term", holds: /^term\// },
    { name: "process", holds: /^process\// },
    { name: "call", holds: /^call\// },
    { name: "behaviour", holds: /^behaviour\// },
    { name: "gen_statem, gen_event", holds: /^gen_(statem|event)\// },
    { name: "modules", holds: /^[a-z_]+\.ts$|^[a-z_]+\// },
  ],
  config: [
    { name: "commonjs", holds: /^commonjs\// },
    { name: "errors", holds: /^errors\.ts$/ },
    { name: "units", holds: /^units\// },
    { name: "core", holds: /^core\// },
    { name: "budget", holds: /^budget\.ts$/ },
    { name: "formats", holds: /^formats\// },
    { name: "sources", holds: /^sources\// },
    {
      name: "processes",
      holds: /^[a-z_]+\.ts$|^otel\/|^manager\/|^testing\/|^schema\/|^answers\/|^dashboard\/|^cli\//,
    },
  ],
};

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".d.ts"),
  );
}

function importsOf(src: string): Import[] {
  return filesOf(src).flatMap((from) => {
    const text = readFileSync(join(src, from), "utf8");
    const found = text.matchAll(/^(?:import|export)\s+(type\s)?([^;]*?)\s*from\s+"(\.[^"]+)"/gmu);
    return [...found].map(([, type, names, target]) => ({
      from,
      to: relative(src, resolve(src, dirname(from), target as string)),
      typeOnly: type !== undefined || /^\{(?:\s*type\s+\w+(?:\s+as\s+\w+)?,?)+\s*\}$/u.test(names as string),
    }));
  });
}

function circles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

describe.each(Object.keys(layers))("packages/%s", (name) => {
  const src = join(root, "packages", name, "src");
  const imports = importsOf(src);
  const order = layers[name] ?? [];
  const layerOf = (file: string) => order.findIndex(({ holds }) => holds.test(file));

  test("has a layer for every file", () => {
    expect(filesOf(src).filter((file) => layerOf(file) < 0)).toStrictEqual([]);
  });

  test("imports only leftward", () => {
    expect(imports.length).toBeGreaterThan(50);
    const rightward = imports
      .filter(({ from, to }) => layerOf(to) > layerOf(from))
      .map(({ from, to }) => `${from} -> ${to}`);
    expect(rightward).toStrictEqual([]);
  });

  test("imports in no circle, types included", () => {
    expect(circles(imports)).toStrictEqual([]);
  });
});

describe("packages/runtime", () => {
  const src = join(root, "packages/runtime/src");

  test("the virtual machine in process/ knows no protocol of calls", () => {
    const text = filesOf(join(src, "process"))
      .map((file) => readFileSync(join(src, "process", file), "utf8"))
      .join("\n");
    expect(text).not.toMatch(/GEN_CALL|GEN_CAST|gen_call|5_?000|\bRequest\b/u);
  });
});

describe("packages/config", () => {
  const imports = importsOf(join(root, "packages/config/src"));

  test("the client in config.ts never reaches the manager", () => {
    const reached = new Set<string>(["config.ts"]);
    for (const file of reached)
      for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) reached.add(to);
    expect(reached.size).toBeGreaterThan(10);
    expect([...reached].filter((file) => file.startsWith("manager/"))).toStrictEqual([]);
  });

  test("the core is pure: it imports no input or output, and no process", () => {
    const text = filesOf(join(root, "packages/config/src/core"))
      .map((file) => readFileSync(join(root, "packages/config/src/core", file), "utf8"))
      .join("\n");
    expect(text).not.toMatch(
      /from "(?:node:(?:fs|net|http|https|child_process|timers)|@otpts\/runtime|chokidar|consul)/u,
    );
  });
});
