/**
 * The meaning of the system's errors for a file: the problem, the system's name for it, and advice.
 *
 *     EROFS   →   read_only: the file system is read-only (EROFS), mount it writable or use another file
 */
export interface SystemFault {
  /** The code of a `ConfigSourceError`. Undefined if there is no special one. */
  readonly code: string | undefined;
  /** The description, which quotes nothing. */
  readonly words: string;
  /** Whether only a change of the path or of its target can help, so that a mere retry cannot. */
  readonly lasting: boolean;
}

/** The meaning of an error of the system. Never throws. */
export function systemFault(error: unknown): SystemFault {
  const system = systemCode(error);
  const known = Object.hasOwn(FAULTS, system) ? FAULTS[system] : undefined;
  if (known === undefined) return { code: undefined, words: `the system says ${system}`, lasting: false };
  const [code, what, advice] = known;
  return { code, words: `${what} (${system})${advice === "" ? "" : `, ${advice}`}`, lasting: LASTING.has(system) };
}

/** The system's name of an error: `ENOENT`. */
export function systemCode(error: unknown): string {
  const code = typeof error === "object" && error !== null ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === "string" && code !== "" ? code : "unknown";
}

/** Why the system provides no events, with advice; undefined if unknown. */
export function watchAdvice(code: string): string | undefined {
  return Object.hasOwn(WATCHES, code) ? WATCHES[code] : undefined;
}

type Fault = readonly [code: string | undefined, what: string, advice: string];

const FAULTS: Readonly<Record<string, Fault>> = {
  EACCES: ["denied", "permission is denied", "give the program's user access to it and to its directories"],
  EPERM: ["denied", "the operation is not permitted", "look at its owner, its attributes and its directory"],
  ENOSPC: ["disk_full", "no space is left on the device", "free some"],
  EDQUOT: ["disk_full", "the disk quota is used up", "free some, or raise it"],
  EFBIG: ["disk_full", "the file would be larger than is allowed", "raise the limit (ulimit -f)"],
  EROFS: ["read_only", "the file system is read-only", "mount it writable or use another file"],
  EBUSY: [undefined, "it is a mount point, or in use by the system", "mount its directory instead"],
  ELOOP: [undefined, "its symbolic links lead in a circle", "mend the links"],
  ENOTDIR: [undefined, "a part of its path is a file, not a directory", "mend the path"],
  EEXIST: [undefined, "a part of its path exists and is not a directory", "mend the path"],
  ENOENT: [undefined, "its directory does not exist", "make it"],
  EISDIR: ["not_a_file", "it is a directory, not a file", ""],
  ENXIO: ["not_a_file", "it is not a regular file", ""],
  ENAMETOOLONG: [undefined, "its name or its path is longer than the system allows", "use a shorter one"],
  EMFILE: [undefined, "too many files are open in this program", "raise its limit (ulimit -n)"],
  ENFILE: [undefined, "too many files are open on this machine", "raise its limit"],
  ENOMEM: [undefined, "no memory is left", ""],
  ENODEV: [undefined, "its device does not exist", ""],
  EIO: [undefined, "the device reports an error", "check the disk"],
  ESTALE: [undefined, "the file server has exchanged or removed it", "mount the share again"],
  ETIMEDOUT: [undefined, "its file server does not answer", ""],
  EHOSTDOWN: [undefined, "its file server is down", ""],
  ENOTCONN: [undefined, "its file system has gone", "mount it again"],
};

const LASTING: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "ELOOP",
  "ENOTDIR",
  "EISDIR",
  "ENXIO",
  "ENAMETOOLONG",
]);

const WATCHES: Readonly<Record<string, string>> = {
  ENOSPC: "no more watches are available: raise fs.inotify.max_user_watches",
  EMFILE: "no more watches are available: raise fs.inotify.max_user_instances, or the limit of open files (ulimit -n)",
  ENFILE: "too many files are open on this machine",
  EACCES: "permission is denied: give the program's user access to its directories",
  ERR_MODULE_NOT_FOUND: "install chokidar",
};
