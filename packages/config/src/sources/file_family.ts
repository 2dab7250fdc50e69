import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Segments } from "../core/value.ts";
import { ConfigSourceError } from "../errors.ts";
import { KNOWN_EXTENSIONS, format_by_extension } from "../formats/by_extension.ts";
import { file_names } from "./file_content.ts";
import { type FileLayers, include_key_of, known_format } from "./file_layers.ts";
import { FileStack } from "./file_stack.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";

/** Options of `FileSource.family`. */
export interface FamilyOptions extends WatchedFileOptions {
  /** The profile, or several, the last one on top: `"production"`. Default: none. */
  readonly profile?: string | readonly string[];
  /**
   * A variable that names the profile instead, or several separated by commas: `"NODE_ENV"`. If it is not set,
   * `profile` counts.
   */
  readonly profile_env?: string;
  /** The key at the top of a file that lists files to include; `true` for `"include"`. Default: none. */
  readonly includes?: boolean | string;
  /** For `.env` files: only names that begin with this and an underscore count. Default: all names. */
  readonly prefix?: string;
  /** For `.env` files: paths of other names: `{ PORT: "http.port" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** Name in `status`; by default `file:`, the stem and `.*`. */
  readonly name?: string;
  /** Whether unreadable files fail the start (default `true`). Missing files count as empty. */
  readonly required?: boolean;
  /** What a later deletion of the base file does: `"keep"` (default) the last values or `"clear"` its own. */
  readonly on_missing?: "keep" | "clear";
}

/** A file of a family. */
interface Named {
  readonly path: string;
  readonly shown: string;
}

/**
 * Files with one stem, as one source: the source made by `FileSource.family`.
 *
 *     config.toml → config.production.toml → config.local.toml → config.production.local.toml      the last one wins
 */
export class FileFamily implements Source {
  readonly kind = "file";
  readonly name: string;
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  private readonly files: FileStack;
  private readonly stem: string;
  private readonly shown: string;
  private readonly profile: readonly string[];
  private readonly profile_env: string | undefined;
  private readonly must_exist: boolean;
  private profiles: readonly string[] = [];
  /** Whether the base file, and any file, existed at the last successful load. */
  private hadBase = false;
  private hadAny = false;

  /** @throws TypeError for an unknown option or one of the wrong type, RangeError for an invalid time or size */
  constructor(stem: string | URL, options: FamilyOptions = {}) {
    const { profile = [], profile_env, includes, prefix, mapping, name, required, on_missing, ...rest } = options;
    this.shown = stem instanceof URL ? fileURLToPath(stem) : stem;
    const action = `Cannot make a FileSource of the family "${String(this.shown)}"`;
    if (typeof this.shown === "string" && /[\\/]$/.test(this.shown)) {
      throw new TypeError(`${action}: it must end with the beginning of the files' names, got a directory`);
    }
    const [extension] = /\.(?:toml|jsonc?|ya?ml)$/i.exec(String(this.shown)) ?? [];
    if (extension !== undefined) {
      const bare = String(this.shown).slice(0, -extension.length);
      throw new TypeError(`${action}: its files may have any format, so leave the extension out: "${bare}"`);
    }
    if (typeof profile !== "string" && !Array.isArray(profile)) {
      const got = profile === null ? "null" : typeof profile;
      throw new TypeError(`${action}: profile must be a text or a list of texts, got ${got}`);
    }
    if (profile_env !== undefined && (typeof profile_env !== "string" || profile_env === "")) {
      throw new TypeError(`${action}: profile_env must be the name of a variable, got ${typeof profile_env}`);
    }
    this.name = name ?? `file:${this.shown}.*`;
    const include_key = include_key_of(action, includes);
    const names = file_names(action, prefix, mapping);
    const rules = { source: this.name, names, include_key, one_of_many: true };
    this.files = new FileStack("FileSource", stem, rest, rules, (layers, context) => this.plan(layers, context));
    this.stem = resolve(this.shown);
    this.profile = typeof profile === "string" ? [profile] : [...profile];
    const wrong = this.profile.find((one) => !isProfile(one));
    if (wrong !== undefined) throw new TypeError(`${action}: ${notProfile(wrong)}`);
    this.profile_env = profile_env;
    this.must_exist = options.must_exist ?? false;
    this.required = required ?? true;
    this.on_missing = on_missing ?? "keep";
  }

  load(context: SourceContext): Promise<Loaded> {
    return this.files.load(context);
  }

  watch(changed: () => void, context: SourceContext): Promise<Watch> {
    return this.files.watch(changed, context);
  }

  together(): Together {
    return this.files.together();
  }

  status(): object {
    return { ...this.files.status(), profiles: this.profiles };
  }

  private async plan(layers: FileLayers, { env }: SourceContext): Promise<boolean> {
    const profiles = this.profilesIn(env);
    const names = await layers.directory({ path: dirname(this.stem), shown: dirname(this.shown) });
    const stem = basename(this.stem);
    const stems = [stem, ...profiles.map((one) => `${stem}.${one}`), `${stem}.local`];
    stems.push(...profiles.map((one) => `${stem}.${one}.local`));
    const files = stems.map((one) => this.fileOf(one, names ?? []));
    const there = files.filter((file) => file !== undefined);
    // All at once, because each may have to settle.
    await Promise.all(there.map((file) => layers.read(file, format_by_extension(file.path)!)));
    const found: Named[] = [];
    for (const file of there) if (await layers.add(file, format_by_extension(file.path)!)) found.push(file);

    const base = files[0];
    const hasBase = base !== undefined && found.includes(base);
    if (!hasBase && this.must_exist) {
      const why = `there is no "${this.shown}" with one of the extensions ${KNOWN_EXTENSIONS}`;
      throw new ConfigSourceError(`Cannot load "${this.name}": ${why}`, { source: this.name, code: "missing" });
    }
    const keeps = this.on_missing === "keep";
    if (this.hadBase && !hasBase && keeps) return false;
    this.profiles = profiles;
    // A file without a base leaves nothing behind.
    const isThere = found.length > 0 || (this.hadAny && !this.hadBase && keeps);
    this.hadBase ||= hasBase;
    this.hadAny ||= isThere;
    return isThere;
  }

  /** The file of a stem. @throws ConfigSourceError if there are several */
  private fileOf(stem: string, names: readonly string[]): Named | undefined {
    const isDotEnv = basename(this.stem) === ".env";
    const found = names.filter((name) =>
      isDotEnv
        ? name === stem
        : name.startsWith(`${stem}.`) && !name.slice(stem.length + 1).includes(".") && known_format(name) !== undefined,
    );
    if (found.length > 1) {
      const files = found.map((name) => `"${join(dirname(this.shown), name)}"`).join(" and ");
      const why = `${files} both exist, only one of them is allowed`;
      throw new ConfigSourceError(`Cannot load "${this.name}": ${why}`, { source: this.name, code: "ambiguous" });
    }
    const [name] = found;
    if (name === undefined) return undefined;
    return { path: join(dirname(this.stem), name), shown: join(dirname(this.shown), name) };
  }

  private profilesIn(env: SourceContext["env"]): readonly string[] {
    const variable = this.profile_env;
    const text = variable === undefined ? undefined : env[variable]?.trim();
    if (text === undefined || text === "") return this.profile;
    const profiles = text.split(",").map((one) => one.trim());
    const wrong = profiles.find((one) => !isProfile(one));
    if (wrong === undefined) return profiles;
    const why = `${notProfile(wrong)} (from env:${variable})`;
    throw new ConfigSourceError(`Cannot load "${this.name}": ${why}`, { source: this.name, code: "profile" });
  }
}

/** A profile becomes a part of a file's name. */
function isProfile(profile: unknown): boolean {
  return typeof profile === "string" && /^[A-Za-z0-9_-]{1,100}$/.test(profile) && profile !== "local";
}

function notProfile(profile: unknown): string {
  if (profile === "local") return 'a profile must not be "local", which is on top of all of them anyway';
  const got = typeof profile === "string" ? JSON.stringify(profile.slice(0, 100)) : typeof profile;
  return `a profile must be letters, digits, "_" and "-", got ${got}`;
}
