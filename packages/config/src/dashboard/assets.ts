/** The assets of a page: the installed modules of this package and of its libraries. Nothing comes from the network. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

/** The libraries by their import names, and the file of each, relative to the one that `require` resolves. */
const LIBRARIES: Readonly<Record<string, readonly [file: string, module: string, at: string]>> = {
  preact: ["preact.js", "preact", "preact.mjs"],
  "preact/hooks": ["hooks.js", "preact/hooks", "hooks.mjs"],
  htm: ["htm.js", "htm", "htm.mjs"],
};

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** A file to be sent. */
export interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly body: string;
}

const known = new Map<string, Asset>();

/** The asset of a name; undefined if there is none. @throws Error if a library is not installed */
export async function assetOf(name: string): Promise<Asset | undefined> {
  const found = known.get(name);
  if (found !== undefined) return found;
  const file = fileOf(name);
  const type = TYPES[name.split(".").at(-1) ?? ""];
  if (file === undefined || type === undefined) return undefined;
  const body = (await readFile(file, "utf8")).replace(/^\/\/# sourceMappingURL=.*$/mu, "");
  const asset = { type, body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
  known.set(name, asset);
  return asset;
}

/** The import map of the page: names of libraries as relative addresses. */
export function importMap(): string {
  const imports = Object.entries(LIBRARIES).map(([name, [file]]) => [name, `./assets/${file}`]);
  return JSON.stringify({ imports: Object.fromEntries(imports) as Record<string, string> });
}

function fileOf(name: string): string | undefined {
  const library = Object.values(LIBRARIES).find(([file]) => file === name);
  if (library !== undefined) return join(dirname(resolved(library[1])), library[2]);
  if (!/^[a-z_]+\.(?:js|css|svg)$/u.test(name)) return undefined;
  return FOLDERS.map((folder) => fileURLToPath(new URL(name, folder))).find((file) => existsSync(file));
}

function resolved(module: string): string {
  try {
    return require.resolve(module);
  } catch (cause) {
    throw new Error(
      `Cannot serve the dashboard: ${module} is not installed. It needs hono, preact and htm: npm install hono preact htm`,
      { cause },
    );
  }
}

// The page's own modules are beside this one. Their style sheet is not compiled: in a checkout it is in the sources.
const FOLDERS: readonly URL[] = [
  new URL("./app/", import.meta.url),
  new URL("../../dist/dashboard/app/", import.meta.url),
  new URL("../../src/dashboard/app/", import.meta.url),
];
