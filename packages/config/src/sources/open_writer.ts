import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";

/** How long (ms) the search may block the event loop at a time, and how long it may take in all. */
const SPAN = 2;
const PATIENCE = 200;

/** One search for the writers of several files. */
interface Search {
  readonly inodes: Set<string>;
  /** What was found. Never rejects. */
  readonly written: Promise<Found>;
}

/** The files that are open for writing, and whether all processes were looked at. */
interface Found {
  readonly inodes: ReadonlySet<string>;
  readonly whole: boolean;
}

/** The search that has not begun, and the end of the running one. */
let next: Search | undefined;
let running: Promise<unknown> = Promise.resolve();

/**
 * Whether a process has a file open for writing, under any name, as far as this process can see: on Linux, among the
 * processes of the same user, or all of them for root; elsewhere never. Simultaneous callers share one search.
 *
 * The search is by inode number: a file on another device with the same number counts as this one, which makes a load
 * wait for `settle` and does no other harm.
 *
 * @returns undefined if the search took too long to say
 */
export async function has_open_writer(path: string): Promise<boolean | undefined> {
  if (process.platform !== "linux") return false;
  const inode = await stat(path, { bigint: true }).then(
    ({ ino }) => String(ino),
    () => undefined,
  );
  if (inode === undefined) return false;
  next ??= newSearch();
  next.inodes.add(inode);
  const { inodes, whole } = await next.written;
  return inodes.has(inode) || (whole ? false : undefined);
}

function newSearch(): Search {
  const inodes = new Set<string>();
  const begin = async (): Promise<Found> => {
    await running;
    await turn();
    next = undefined;
    return writtenAmong(inodes);
  };
  const written = begin();
  running = written;
  return { inodes, written };
}

async function writtenAmong(inodes: ReadonlySet<string>): Promise<Found> {
  const found = new Set<string>();
  const all = { inodes: found, whole: true };
  const end = performance.now() + PATIENCE;
  let pause = performance.now() + SPAN;
  for (const pid of entries("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of entries(`/proc/${pid}/fd`)) {
      if (performance.now() > pause) {
        if (performance.now() > end) return { inodes: found, whole: false };
        await turn();
        pause = performance.now() + SPAN;
      }
      if (!isFile(`/proc/${pid}/fd/${fd}`)) continue;
      const inode = inodeWritten(`/proc/${pid}/fdinfo/${fd}`);
      // Kernels before 5.14 do not show the inode: any file that is being written may be this one.
      if (inode === "unknown") return { inodes, whole: false };
      if (inode !== undefined && inodes.has(inode)) found.add(inode);
      if (found.size === inodes.size) return all;
    }
  }
  return all;
}

// Processes end and files are closed during the search, and those of other users are not visible: none of these is a
// writer that this process can detect. These calls read the kernel's memory, not the disk, so they do not block.

function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Most open descriptors are sockets, pipes and devices. */
function isFile(link: string): boolean {
  try {
    const target = readlinkSync(link);
    return target.startsWith("/") && !target.startsWith("/dev/") && !target.startsWith("/proc/");
  } catch {
    return false;
  }
}

/** The inode that a descriptor can write to; undefined if it can only read. */
function inodeWritten(info: string): string | undefined {
  try {
    const text = readFileSync(info, "utf8");
    // O_WRONLY is 1, O_RDWR is 2.
    const flags = /^flags:\s*(\d+)$/m.exec(text)?.[1] ?? "0";
    if ((Number.parseInt(flags, 8) & 3) === 0) return undefined;
    return /^ino:\s*(\d+)$/m.exec(text)?.[1] ?? "unknown";
  } catch {
    return undefined;
  }
}
