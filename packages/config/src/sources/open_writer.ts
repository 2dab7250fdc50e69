import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";

/** How long (ms) the search may hold the event loop at a time, and how long it may take in all. */
const SPAN = 2;
const PATIENCE = 200;

/**
 * Whether some process holds a file open for writing, by whatever name, as far as this one may know: on Linux, of the
 * processes of the same user, or of all for root; elsewhere never.
 *
 * Found by the number of the inode: a file of another device that has the same number is taken for this one, which makes
 * a load wait for `settle` and does no other harm.
 */
export async function has_open_writer(path: string): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const inode = await stat(path, { bigint: true }).then(
    ({ ino }) => String(ino),
    () => undefined,
  );
  if (inode === undefined) return false;
  const end = performance.now() + PATIENCE;
  let pause = performance.now() + SPAN;
  for (const pid of entries("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of entries(`/proc/${pid}/fd`)) {
      if (performance.now() > pause) {
        if (performance.now() > end) return false;
        await turn();
        pause = performance.now() + SPAN;
      }
      if (isFile(`/proc/${pid}/fd/${fd}`) && isWriting(`/proc/${pid}/fdinfo/${fd}`, inode)) return true;
    }
  }
  return false;
}

// Processes end and files are closed while they are looked at, and those of other users may not be: such is no writer
// that this process can know of. These calls ask the kernel's memory, no disk: they do not block.

function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Most of what processes hold open are sockets, pipes and devices. */
function isFile(link: string): boolean {
  try {
    const target = readlinkSync(link);
    return target.startsWith("/") && !target.startsWith("/dev/") && !target.startsWith("/proc/");
  } catch {
    return false;
  }
}

function isWriting(info: string, inode: string): boolean {
  try {
    const text = readFileSync(info, "utf8");
    // O_WRONLY is 1, O_RDWR is 2.
    const flags = /^flags:\s*(\d+)$/m.exec(text)?.[1] ?? "0";
    if ((Number.parseInt(flags, 8) & 3) === 0) return false;
    // Kernels before 5.14 do not say which inode it is: any file that is being written may be this one.
    return (/^ino:\s*(\d+)$/m.exec(text)?.[1] ?? inode) === inode;
  } catch {
    return false;
  }
}
