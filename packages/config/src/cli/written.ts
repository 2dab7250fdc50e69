import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "./failure.ts";
import { make_directory } from "../sources/make_directory.ts";
import type { Session } from "./session.ts";

/** The destination of a text: a file, or stdout. */
export interface Into {
  readonly output?: string;
  readonly force?: boolean;
}

/** Prints a text, or writes it to a file. @returns the exit code */
export async function emit(session: Session, text: string, { output, force = false }: Into): Promise<number> {
  if (output === undefined) session.out.print(text.replace(/\n$/u, ""));
  else {
    await write(output, text, force);
    session.err.print(`wrote ${output}`);
  }
  return 0;
}

/** @throws Failure if the file exists and must not be replaced, or writing fails */
export async function write(file: string, text: string, force: boolean): Promise<void> {
  if (!force && existsSync(file)) {
    throw new Failure(`Cannot write ${file}: it exists; --force replaces it`);
  }
  try {
    await make_directory(dirname(file), 0o777);
    await writeFile(file, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    throw new Failure(`Cannot write ${file}: ${(error as Error).message}`);
  }
}
