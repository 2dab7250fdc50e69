import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";

/** How long (ms) the search may hold the event loop at a time, and how long it may take in all. */
const SPAN = 2;
const PATIENCE = 200;

/**
 * Whether some process holds a file open for writing, as far as this one may know: on Linux, of the processes of the same
 * user, or of all for root; elsewhere never.
 */
export async function has_open_writer(path: string): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const target = await realpath(path).catch(() => path);
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
      if (leadsTo(`/proc/${pid}/fd/${fd}`, target) && isWriting(`/proc/${pid}/fdinfo/${fd}`)) return true;
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

function leadsTo(link: string, target: string): boolean {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

function isWriting(info: string): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(info, "utf8"))?.[1] ?? "0";
    // O_WRONLY is 1, O_RDWR is 2.
    return (Number.parseInt(flags, 8) & 3) !== 0;
  } catch {
    return false;
  }
}
