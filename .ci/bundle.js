/**
 * Makes what is published: of each package's `dist`, which `tsc -b` makes file by file, a `lib` with one file for each entry of
 * package.json's "exports" and "bin", shared chunks, the declarations, and source maps that lead to `src`.
 *
 * What a module reaches by `new URL("./NAME", import.meta.url)` has the same place in `lib` as in `dist`: a module (a thread's)
 * becomes an entry, a folder (`"./browser/"`) is copied, compiled modules and all other files, without being bundled.
 *
 * Only what has changed is written, so that programs which run meanwhile are not disturbed.
 */
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";

import { rolldown } from "rolldown";

const PACKAGES = resolve(import.meta.dirname, "../packages");

/** Brings the `lib` of every package up to date. Resolves with the names of the files that were written or removed. */
export async function bundle() {
  const changed = [];
  for (const name of ["runtime", "config"]) changed.push(...(await bundlePackage(name)));
  return changed;
}

async function bundlePackage(name) {
  const folder = join(PACKAGES, name);
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = new Map();
  const threads = await build(name, entriesOf(manifest), chunksOf(name), files);
  // A thread has modules of its own in any case, and shall load no more than it needs.
  for (const thread of threads) await build(name, [thread], { chunkFileNames: `${thread}-[name].js` }, files);
  for (const file of await filesIn(join(folder, "dist")))
    if (/\.d\.ts(?:\.map)?$|^commonjs\//u.test(file)) files.set(file, await readFile(join(folder, "dist", file)));
  return update(join(folder, "lib"), files);
}

/** Bundles entries of a package into `files`. Resolves with the entries of threads that they start. */
async function build(name, entries, chunks, files) {
  const folder = join(PACKAGES, name);
  const threads = new Set();
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(folder, "dist", `${entry}.js`)])),
    platform: "node",
    preserveEntrySignatures: "allow-extension",
    treeshake: { moduleSideEffects: (_, external) => !external },
    plugins: [outside(), inside({ folder, files, threads }), sameExports(), ownNames()],
    // How long a build takes is no fault of what is built.
    checks: { bundlerTimings: false },
    onLog(level, log) {
      if (level === "warn") throw new Error(`Cannot bundle @otpts/${name}: ${log.message}`);
    },
  });
  try {
    const { output } = await bundle.generate({
      format: "esm",
      dir: join(folder, "lib"),
      entryFileNames: "[name].js",
      chunkFileNames: ({ name, moduleIds }) => (moduleIds.every(isOfCommands) ? `cli_${name}.js` : `${name}.js`),
      sourcemap: true,
      sourcemapExcludeSources: true,
      minify: false,
      comments: { jsdoc: false, annotation: true, legal: true },
      // Names of functions and classes are shown in messages.
      keepNames: true,
      ...chunks,
    });
    for (const file of output) {
      const up = "../".repeat(file.fileName.split("/").length - 1) || "./";
      files.set(file.fileName, file.type === "chunk" ? file.code.replaceAll(`"${AS_IT_IS}`, `"${up}`) : file.source);
    }
  } finally {
    await bundle.close();
  }
  return threads;
}

/** The command line's chunks are told apart by their names: one is called `schema`, like an entry. */
function isOfCommands(id) {
  return /[\\/]dist[\\/]cli[\\/]/u.test(id);
}

/** Users see what the entry of the sources exports, and nothing that another chunk needs of it. */
function sameExports() {
  return {
    name: "same-exports",
    generateBundle(_, output) {
      for (const { isEntry, fileName, exports, facadeModuleId } of Object.values(output)) {
        if (!isEntry) continue;
        const wanted = this.getModuleInfo(facadeModuleId).exports;
        const more = exports.filter((each) => !wanted.includes(each));
        if (more.length > 0) throw new Error(`${fileName} exports ${more.join()}, which ${facadeModuleId} does not`);
      }
    },
  };
}

/** Namespaces are made of the names that they list, whatever a program has added to `Object.prototype`. */
function ownNames() {
  const all = "for (var name in all) {";
  return {
    name: "own-names",
    generateBundle(_, output) {
      for (const chunk of Object.values(output)) {
        if (!chunk.code?.includes("__exportAll = ")) continue;
        if (!chunk.code.includes(all)) throw new Error(`${chunk.fileName}: rolldown makes namespaces in another way`);
        chunk.code = chunk.code.replace(all, "for (var name of Object.keys(all)) {");
      }
    },
  };
}

/** The entries that a package has by its manifest, without `./lib/` and `.js`. */
function entriesOf({ name, exports, bin = {} }) {
  const targets = [...Object.values(exports), ...Object.values(bin)].map((target) => target.default ?? target);
  return targets
    .filter((target) => target !== "./package.json")
    .map((target) => {
      const [, entry] = /^\.\/lib\/(.+)\.js$/u.exec(target) ?? [];
      if (entry !== undefined) return entry;
      throw new Error(`Cannot bundle ${name}: an entry in package.json must be a module in ./lib, got "${target}"`);
    });
}

/** Stands for the way to `lib` in the imports of what is not bundled. */
const AS_IT_IS = "as-it-is:";

/** Dependencies, peers and Node's own modules are not bundled. Neither is `commonjs/`, where the order of evaluation matters. */
function outside() {
  return {
    name: "outside",
    resolveId(id, importer) {
      if (importer === undefined || id.startsWith("/")) return undefined;
      if (!id.startsWith(".")) return { id, external: true };
      const [, path] = /[\\/]dist[\\/](commonjs[\\/].+)/u.exec(resolve(dirname(importer), id)) ?? [];
      return path === undefined ? undefined : { id: `${AS_IT_IS}${path.split(sep).join("/")}`, external: true };
    },
  };
}

/** Reads what tsc made, with its source maps, so that the bundle's lead to TypeScript, too. */
function inside(found) {
  return {
    name: "inside",
    async load(id) {
      if (!id.startsWith(found.folder)) return undefined;
      const [code, map] = await Promise.all([readFile(id, "utf8"), readFile(`${id}.map`, "utf8")]);
      return {
        code: await withFilesByUrl(code.replace(/\n\/\/# sourceMappingURL=.*\s*$/u, "\n"), id, found),
        map: JSON.parse(map),
      };
    },
  };
}

/**
 * Chunks lie in `lib` itself: a path that is relative to a module becomes one that is relative to its package's `dist`. It is
 * written so that users' bundlers, which follow `new URL("…", import.meta.url)`, leave it alone: a thread's file would be a
 * second output, for which they want options.
 */
async function withFilesByUrl(code, id, { folder, files, threads }) {
  let changed = code;
  for (const [whole, target] of code.matchAll(/new URL\("(\.\.?\/[^"]+)", import\.meta\.url\)/gu)) {
    let path = target;
    if (target.startsWith("./")) {
      path = `./${relative(join(folder, "dist"), join(dirname(id), target))
        .split(sep)
        .join("/")}`;
      if (target.endsWith("/")) await copyFolder(folder, (path += "/"), files);
      else threads.add(path.slice(2).replace(/\.js$/u, ""));
    }
    changed = changed.replace(whole, `new URL("${path}", import.meta.url.valueOf())`);
  }
  return changed;
}

/** Compiled modules of a folder, and what lies in it in `src` that is no TypeScript. */
async function copyFolder(folder, path, files) {
  for (const [from, kept] of [
    ["dist", (file) => !/\.d\.ts(?:\.map)?$/u.test(file)],
    ["src", (file) => !file.endsWith(".ts")],
  ]) {
    const place = join(folder, from, path);
    for (const file of (await filesIn(place)).filter(kept))
      files.set(join(path, file), await readFile(join(place, file)));
  }
}

/**
 * What the main entry imports is one file, and what modules that are loaded later need of it another: no chunk imports one that
 * loads it, which rolldown cannot put into one file of a user's. The runtime knows its own frames by the first one's name.
 */
function chunksOf(name) {
  const entry = join(PACKAGES, name, "dist/index.js");
  let main;
  let base;
  const chunkOf = (id, context) => {
    main ??= closure([entry], (of) => context.getModuleInfo(of)?.importedIds ?? []);
    base ??= closure(
      [...main].flatMap((of) => context.getModuleInfo(of)?.dynamicallyImportedIds ?? []),
      (of) => context.getModuleInfo(of)?.importedIds ?? [],
    );
    if (id === entry || !main.has(id)) return undefined;
    return base.has(id) ? `otpts_${name}_base` : `otpts_${name}`;
  };
  return { codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: "main", name: chunkOf }] } };
}

/** These modules, what they import, and so on. */
function closure(ids, importsOf) {
  const found = new Set(ids);
  for (const id of found) for (const next of importsOf(id)) found.add(next);
  return found;
}

async function filesIn(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Makes a folder hold exactly these files. */
async function update(folder, files) {
  const changed = [];
  await mkdir(folder, { recursive: true });
  for (const [name, content] of files) {
    const file = join(folder, name);
    const wanted = Buffer.from(content);
    const there = await readFile(file).catch(() => undefined);
    if (there?.equals(wanted)) continue;
    await mkdir(dirname(file), { recursive: true });
    // Another process may read it now, or write it, too.
    await writeFile(`${file}.${process.pid}`, wanted);
    await rename(`${file}.${process.pid}`, file);
    changed.push(file);
  }
  for (const name of await filesIn(folder)) {
    if (files.has(name)) continue;
    await rm(join(folder, name), { force: true });
    changed.push(join(folder, name));
  }
  return changed;
}

/** For vitest: before its first test. */
export async function setup() {
  await bundle();
}

if (process.argv[1] === import.meta.filename) await bundle();
