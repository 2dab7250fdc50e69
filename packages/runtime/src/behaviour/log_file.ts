import { appendFileSync, writeFileSync } from "node:fs";

/**
 * A file with the system events of a server, one line each. A line is on its way to the disk before the server goes on, so that
 * the last ones before a crash are there; nothing stays open.
 */
export class LogFile {
  readonly name: string;

  /** Makes the file, or empties it. @throws the file system's error if that fails */
  constructor(name: string) {
    writeFileSync(name, "");
    this.name = name;
  }

  /** @throws the file system's error */
  write(line: string): void {
    appendFileSync(this.name, `${line.replaceAll(/\s*\n\s*/gu, " ")}\n`);
  }
}
