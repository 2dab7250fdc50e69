import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/**
 * Identifies this boot of the machine: data that was not synced in an earlier one may be lost. Containers of one
 * machine share it.
 */
export function boot_id(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "");
  } catch {
    // Elsewhere there is only the boot time, in minutes, because clocks can be set.
    return Math.round((Date.now() / 1000 - uptime()) / 60).toString(16);
  }
}
