import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/**
 * Tells this run of the machine from the ones before: what was not synced then may be lost. Containers of one machine have it
 * in common.
 */
export function boot_id(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "");
  } catch {
    // Elsewhere the time of the start is all there is, in minutes: clocks are set.
    return Math.round((Date.now() / 1000 - uptime()) / 60).toString(16);
  }
}
