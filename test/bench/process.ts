import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Metrics } from "./contender.ts";
import type { Answer, Order } from "./runner.ts";

/**
 * A contender's child process as the parent sees it. It stays alive between probes, so the contenders' heaps and
 * compilers do not affect each other; one that hangs or dies is replaced at the next order.
 */
export interface Contestant {
  readonly name: string;
  readonly notes: readonly string[];
  /** Why it cannot run a probe; undefined if it can. */
  absent(probe: string): string | undefined;
  /** Runs one probe; rejects with the reason when it fails or takes longer than `limit` ms. */
  run(order: Order, limit: number): Promise<Metrics>;
  close(): Promise<void>;
}

/** One child, its answers one at a time. */
abstract class Child implements Contestant {
  abstract readonly name: string;
  abstract readonly notes: readonly string[];
  #child: ChildProcess | undefined;
  /** Settles the answer that is awaited, at most one. */
  protected answered: ((answer: Answer) => void) | undefined;

  abstract absent(probe: string): string | undefined;
  protected abstract open(): ChildProcess;
  protected abstract order(child: ChildProcess, order: Order): void;

  /** Starts the child unless it runs, and resolves with its greeting. */
  protected async ready(): Promise<Answer | undefined> {
    if (this.#child !== undefined) return undefined;
    const child = this.open();
    this.#child = child;
    child.once("exit", (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      this.answered?.({ failed: `its process ended (${signal ?? code})` });
    });
    child.once("error", (error) => this.answered?.({ failed: error.message }));
    return this.answer(60_000);
  }

  async run(order: Order, limit: number): Promise<Metrics> {
    await this.ready();
    if (this.#child === undefined) throw new Error("its process did not start");
    const answer = this.answer(limit);
    this.order(this.#child, order);
    const settled = await answer;
    if ("metrics" in settled) return settled.metrics;
    throw new Error("failed" in settled ? settled.failed : "it greeted instead of answering");
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const exit = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exit;
  }

  protected answer(limit: number): Promise<Answer> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        void this.close();
        this.answered?.({ failed: `no answer within ${limit / 1000} s` });
      }, limit);
      this.answered = (answer) => {
        clearTimeout(late);
        this.answered = undefined;
        resolve(answer);
      };
    });
  }
}

class NodeChild extends Child {
  name: string;
  notes: readonly string[] = [];
  #absent: Readonly<Record<string, string>> = {};
  readonly #file: string;
  readonly #folder: string;

  constructor(file: string, folder: string) {
    super();
    this.name = file;
    this.#file = file;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const greeting = await this.ready();
    if (greeting === undefined || !("ready" in greeting))
      throw new Error(greeting !== undefined && "failed" in greeting ? greeting.failed : "it did not greet");
    this.name = greeting.ready.name;
    this.notes = greeting.ready.notes;
    this.#absent = greeting.ready.absent;
  }

  absent(probe: string): string | undefined {
    return this.#absent[probe];
  }

  protected open(): ChildProcess {
    const child = fork(fileURLToPath(new URL("runner.js", import.meta.url)), [this.#file], {
      // V8 gives a program that idles for seconds, as each does while the others have their turn, a sixteenth of the young
      // generation that it gives a busy one, and takes its time to notice that it is busy again.
      execArgv: ["--expose-gc", "--max-old-space-size=8192", "--min-semi-space-size=16"],
      env: { ...process.env, NODE_ENV: "production", TMPDIR: this.#folder },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("message", (answer: Answer) => this.answered?.(answer));
    return child;
  }

  protected order(child: ChildProcess, order: Order): void {
    child.send(order);
  }
}

class BeamChild extends Child {
  readonly name = "BEAM";
  notes: readonly string[] = [];
  readonly #folder: string;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const greeting = await this.ready();
    if (greeting === undefined || "failed" in greeting) throw new Error(greeting?.failed ?? "it did not greet");
    if ("ready" in greeting)
      this.notes = [`Erlang/OTP ${greeting.ready.name}, one scheduler (+S 1), gen_server with all it does`];
  }

  absent(probe: string): string | undefined {
    return { strangers: "nothing in it awaits", import: "it is not a library" }[probe];
  }

  protected open(): ChildProcess {
    const child = spawn("erl", ["+S", "1", "+P", "1000000", "-noshell", "-pa", this.#folder, "-s", "bench", "main"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#line(line));
    return child;
  }

  #line(line: string): void {
    const [word, rest] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
    if (word === "@ready") this.answered?.({ ready: { name: rest, notes: [], absent: {} } });
    else if (word === "@done") this.answered?.({ metrics: JSON.parse(rest) as Metrics });
    else if (word === "@failed") this.answered?.({ failed: rest });
  }

  protected order(child: ChildProcess, { probe, size }: Order): void {
    const pairs = Object.entries(size).map(([key, value]) => `${key} => ${value}`);
    child.stdin?.write(`{run, ${probe}, #{${pairs.join(", ")}}}.\n`);
  }
}

/** A contender of `contenders/`, by its file's name; its temporary files go into `folder`. */
export async function node(file: string, folder: string): Promise<Contestant> {
  const child = new NodeChild(file, folder);
  await child.start();
  return child;
}

/** The BEAM, its modules compiled into `folder`; rejects where there is no `erlc`. */
export async function beam(folder: string): Promise<Contestant> {
  // The sources stand beside this file's source, the build in `dist` has no copy of them.
  const sources = path.join(packageFolder(), "bench", "beam");
  const files = (await readdir(sources)).filter((file) => file.endsWith(".erl"));
  await finished(spawn("erlc", ["-o", folder, ...files], { cwd: sources, stdio: ["ignore", "inherit", "inherit"] }));
  const child = new BeamChild(folder);
  await child.start();
  return child;
}

/** The test package's folder, found upwards from here: from the sources as from the build. */
export function packageFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return folder;
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`its compiler ended with ${code}`))));
  });
}
