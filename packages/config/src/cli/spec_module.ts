import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigSpec } from "../spec.ts";
import { Failure } from "./failure.ts";

/** The module with the specification, and the name of its export. */
export interface Chosen {
  readonly module?: string | undefined;
  readonly spec?: string | undefined;
}

/**
 * The specification of a module: the named one, else its default export, else the only one.
 *
 * @throws Failure if there is no module, it fails to load, or the choice is ambiguous
 */
export async function loadSpec({ module, spec }: Chosen): Promise<ConfigSpec> {
  const file = resolve(module ?? moduleOfPackage(process.cwd()));
  const exported = await imported(file);
  const shown = relative(process.cwd(), file) || file;
  const found = Object.entries(exported).filter((entry): entry is [string, ConfigSpec] => isSpec(entry[1], shown));
  if (spec !== undefined) {
    const named = found.find(([name, one]) => name === spec || one.name === spec || one.id === spec);
    if (named !== undefined) return named[1];
    throw new Failure(`Cannot use "${spec}" of ${shown}: it is not a ConfigSpec there${choice(found)}`, 2);
  }
  const [first] = found;
  const chosen = found.find(([name]) => name === "default") ?? first;
  if (chosen === undefined) {
    throw new Failure(
      `Cannot use ${shown}: it exports no ConfigSpec; write "export default new ConfigSpec({ … })", or "export const config_spec = …"`,
      2,
    );
  }
  const all = new Set(found.map(([, one]) => one));
  if (chosen[0] !== "default" && all.size > 1) {
    throw new Failure(`Cannot choose a ConfigSpec of ${shown}: name one with --spec${choice(found)}`, 2);
  }
  return chosen[1];
}

function choice(found: readonly (readonly [string, ConfigSpec])[]): string {
  return found.length === 0 ? "" : `: ${found.map(([name]) => name).join(", ")}`;
}

/** Two copies of this package have two classes. */
function isSpec(value: unknown, file: string): value is ConfigSpec {
  if (value instanceof ConfigSpec) return true;
  if (typeof value !== "object" || value === null) return false;
  const { constructor } = value as { readonly constructor?: unknown };
  if (typeof constructor !== "function" || constructor.name !== "ConfigSpec") return false;
  throw new Failure(
    `Cannot use ${file}: its ConfigSpec is of another copy of @otpts/config than this command; run the one that is installed beside it: npx otpts-config`,
    2,
  );
}

async function imported(file: string): Promise<Readonly<Record<string, unknown>>> {
  const shown = relative(process.cwd(), file) || file;
  if (!existsSync(file) || statSync(file).isDirectory()) {
    throw new Failure(`Cannot load ${shown}: there is no such file; name the module that exports the ConfigSpec`, 2);
  }
  // An ArgumentsSource of the module must not read the options of this command.
  process.argv = [process.execPath, file];
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw cannotLoad(shown, error);
  }
}

function cannotLoad(file: string, error: unknown): Failure {
  const { code, message = String(error), stack } = (error ?? {}) as { code?: string; message?: string; stack?: string };
  const typed = /\.[cm]?tsx?$/u.test(file) || /\.[cm]?tsx?["' ]/u.test(message);
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && typed) {
    return new Failure(
      `Cannot load ${file}: Node ${process.versions.node} does not run TypeScript; use Node 22.18 or later, or load it with tsx: npm install --save-dev tsx && ${WITH_TSX}`,
      2,
    );
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" || code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") {
    return new Failure(
      `Cannot load ${file}: Node only strips types, and this needs more (${message}); load it with tsx: ${WITH_TSX}`,
      2,
    );
  }
  // The place of the failure, without the frames of Node's loader.
  const frames = (stack ?? "").split("\n").filter((line) => /^\s+at /u.test(line) && !line.includes("node:internal"));
  const at = frames.length === 0 ? "" : `\n${frames.slice(0, 4).join("\n")}`;
  return new Failure(`Cannot load ${file}: ${message}${at}`);
}

const WITH_TSX = `NODE_OPTIONS="--import tsx" npx otpts-config …`;

/** The module that package.json names under `"otpts-config"`, here or in a folder above. */
function moduleOfPackage(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      const named = namedIn(manifest);
      if (named !== undefined) return join(folder, named);
      break;
    }
    if (dirname(folder) === folder) break;
  }
  throw new Failure(
    `Cannot find the configuration: name the module that exports the ConfigSpec with --module, or in package.json ("otpts-config": "./src/config.js"), or a running program with --url`,
    2,
  );
}

function namedIn(manifest: string): string | undefined {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(manifest, "utf8"));
  } catch {
    return undefined;
  }
  const named = (read as { readonly "otpts-config"?: unknown } | null)?.["otpts-config"];
  return typeof named === "string" ? named : undefined;
}

/** Whether a file is a module and not data, by its name. */
export function isModule(file: string): boolean {
  return /^\.[cm]?[jt]sx?$/u.test(extname(file));
}
