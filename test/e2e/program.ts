/** A built program of the examples as a child process: its output and its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const examples = new URL("../../examples/", import.meta.url);
const running = new Set<Program>();

/** For each test of a file: no program outlives it. */
export function eachEnded(): void {
  afterEach(async () => {
    for (const program of running) await program.kill();
  });
}

/** A running program. Its environment is exactly the given one. */
export class Program {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ending>;
  readonly #waiting = new Set<() => void>();

  /**
   * @param name path below the examples' build, such as `queuemizer/demo.js`
   * @param preload text of a module that is loaded before the program
   */
  constructor(name: string, env: Readonly<Record<string, string>> = {}, preload?: string) {
    const file = fileURLToPath(new URL(`dist/${name}`, examples));
    if (!existsSync(file))
      throw new Error(`Cannot run "${name}": the examples are not built; run tsc -b examples first`);
    const before = preload === undefined ? [] : ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
    this.#child = spawn(process.execPath, [...before, file], { env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const channel of ["stdout", "stderr"] as const) {
      this.#child[channel]?.setEncoding("utf8").on("data", (text: string) => {
        this[channel] += text;
        for (const look of this.#waiting) look();
      });
    }
    running.add(this);
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      // Not "exit": its last output may be read after its end.
      this.#child.once("close", (code, signal) => {
        running.delete(this);
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        for (const look of this.#waiting) look();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when it has ended. */
  ended(): Promise<Ending> {
    return this.#ended;
  }

  /** Resolves when this has been printed on stdout. @throws if the program ends before */
  printed(wanted: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = wanted.exec(this.stdout);
        if (found === null && running.has(this)) return;
        this.#waiting.delete(look);
        if (found !== null) resolve(found);
        else reject(new Error(`The program ended without printing ${String(wanted)}:\n${this.stdout}${this.stderr}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
