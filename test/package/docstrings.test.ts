/** Every name that a package exports has a docstring, which editors show on hover. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly "@otpts/source"?: string }>>;
}

const texts = new Map<string, string>();
function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) texts.set(file, (text = readFileSync(file, "utf8")));
  return text;
}

const documentedAt = (text: string, index: number): boolean => /\*\/\s*$/u.test(text.slice(0, index).trimEnd());

/** The module that a name of this file comes from, if it is imported or exported from another one. */
function originOf(file: string, name: string): { file: string; name: string } | undefined {
  for (const [, names, target] of textOf(file).matchAll(
    /^(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)"/gmu,
  )) {
    for (const item of (names as string).split(",")) {
      const [, original, alias] = /^\s*(?:type\s+)?(\w+)(?:\s+as\s+(\w+))?\s*$/u.exec(item) ?? [];
      if (original === undefined || (alias ?? original) !== name || !(target as string).startsWith(".")) continue;
      return { file: resolve(dirname(file), target as string), name: original };
    }
  }
  return undefined;
}

/** Whether the declaration of a name in a file has a docstring; of overloads the first. */
function isDocumented(file: string, name: string): boolean {
  const text = textOf(file);
  const declaration = new RegExp(
    `^(?:export )?(?:declare )?(?:async )?(?:abstract )?(?:function\\*?|const|let|class|interface|type|enum) ${name}\\b`,
    "mu",
  ).exec(text);
  if (declaration !== null) {
    if (documentedAt(text, declaration.index)) return true;
    // A constant that is another module's function has that one's docstring.
    const [, object, property] = new RegExp(`^export const ${name} = (\\w+)\\.(\\w+);`, "mu").exec(text) ?? [];
    const [, target] =
      object === undefined ? [] : (new RegExp(`\\* as ${object} from "([^"]+)"`, "u").exec(text) ?? []);
    return target !== undefined && property !== undefined && isDocumented(resolve(dirname(file), target), property);
  }
  const renamed = new RegExp(`\\b(\\w+) as ${name}\\b`, "u").exec(text)?.[1];
  const origin = originOf(file, name);
  if (origin !== undefined) return isDocumented(origin.file, origin.name);
  return renamed !== undefined && isDocumented(file, renamed);
}

/** All names that a module exports, with those that have no docstring marked. */
function* undocumented(file: string, path: string): Generator<string> {
  const text = textOf(file);
  for (const match of text.matchAll(
    /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gmu,
  )) {
    const name = match[1] as string;
    if (!isDocumented(file, name)) yield `${path}.${name}`;
  }
  for (const [, names, target] of text.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}(?:\s+from\s+"([^"]+)")?;/gmu)) {
    for (const item of (names as string).split(",")) {
      const [, original, alias] = /^\s*(?:type\s+)?(\w+)(?:\s+as\s+(\w+))?\s*$/u.exec(item) ?? [];
      if (original === undefined) continue;
      const there = target === undefined ? file : resolve(dirname(file), target);
      if (existsSync(there) && !isDocumented(there, original)) yield `${path}.${alias ?? original}`;
    }
  }
  for (const match of text.matchAll(/^export \* as (\w+) from "([^"]+)"/gmu)) {
    const [, name, target] = match as unknown as [string, string, string];
    // Editors show the docstring of the module's declaration, not the one of its export.
    if (!documentedAt(text, text.indexOf(`declare module "${target}"`))) yield `${path}.${name}`;
    if (name !== "atoms") yield* undocumented(resolve(dirname(file), target), `${path}.${name}`);
  }
  for (const [, target] of text.matchAll(/^export \* from "(\.[^"]+)"/gmu))
    yield* undocumented(resolve(dirname(file), target as string), path);
}

test.each(["runtime", "config"])("every exported name of %s has a docstring", (name) => {
  const folder = join(root, "packages", name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const entries = Object.entries(exports).flatMap(([entry, target]) => {
    const source = typeof target === "string" ? undefined : target["@otpts/source"];
    return source === undefined ? [] : [[entry, join(folder, source)] as const];
  });
  expect(entries.length).toBeGreaterThan(0);
  // The names of atoms are their documentation.
  const atoms = /\.[A-Z][A-Z\d_]*$/u;
  const missing = entries
    .flatMap(([entry, file]) => [...undocumented(file, entry)])
    .filter((each) => !atoms.test(each));
  expect([...new Set(missing)]).toStrictEqual([]);
});
