/**
 * A real Chromium: `CHROMIUM_BIN`, one on the PATH, or the one that comes from the package registry with the development
 * dependencies (for Linux on x64).
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** Starts one, or returns the reason why there is none. */
export async function startChromium(): Promise<Browser | string> {
  const found = process.env["CHROMIUM_BIN"] ?? onPath();
  try {
    if (found !== undefined) return await chromium.launch({ executablePath: found, args: ["--no-sandbox"] });
    if (process.platform !== "linux" || process.arch !== "x64")
      return "No Chromium: set CHROMIUM_BIN, or put chromium on the PATH";
    return await packaged();
  } catch (error) {
    return `Chromium does not start: ${(error as Error).message}`;
  }
}

// It unpacks its own libraries if this variable says that the machine has none.
async function packaged(): Promise<Browser> {
  process.env["AWS_EXECUTION_ENV"] ??= "AWS_Lambda_nodejs22.x";
  const { default: bare } = await import("@sparticuz/chromium");
  return chromium.launch({ executablePath: await bare.executablePath(), args: bare.args });
}

function onPath(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
