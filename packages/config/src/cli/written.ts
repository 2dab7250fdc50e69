import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "./failure.ts";
import type { Session } from "./session.ts";

/** The destination of a text: a file, or stdout. */
export interface Into {
  readonly output?: string;
  readonly force?: boolean;
}

/** Prints a text, or writes it to a file. @returns the exit code */
export function emit(session: Session, text: string, { output, force = false }: Into): number {
  if (output === undefined) session.out.print(text.replace(/\n$/u, ""));
  else {
    write(output, text, force);
    session.err.print(`wrote ${output}`);
  }
  return 0;
}

/** @throws Failure if the file exists and must not be replaced, or writing fails */
export function write(file: string, text: string, force: boolean): void {
  if (!force && existsSync(file)) {
    throw new Failure(`Cannot write ${file}: it exists; --force replaces it`);
  }
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    throw new Failure(`Cannot write ${file}: ${(error as Error).message}`);
  }
}
