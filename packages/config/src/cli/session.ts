import { Console } from "node:console";
import type { Environment } from "../answers/environment.ts";
import type { Values } from "../answers/values.ts";
import type { Verdict } from "../answers/verdict.ts";
import type { Explanation } from "../core/explain.ts";
import type { ConfigSpec } from "../spec.ts";
import { Failure } from "./failure.ts";
import { Progress } from "./progress.ts";
import { Terminal } from "./terminal.ts";
import { jsonText } from "./value_text.ts";

/** Options that every command takes. */
export interface Common {
  readonly module?: string;
  readonly spec?: string;
  readonly json?: boolean;
  readonly envFile?: readonly string[];
}

/** What a command asks about: a specification, or a running program. */
export interface Subject {
  /** @throws Failure where what is asked about cannot be told */
  verdict(): Promise<Verdict>;
  values(path: string): Promise<Values>;
  explanation(path: string): Promise<Explanation>;
  environment(): Promise<Environment>;
}

/** One run of the command: what it was told, and where it writes. */
export class Session {
  readonly options: Common;
  readonly out: Terminal;
  readonly err: Terminal;
  private known: Promise<Subject> | undefined;

  constructor(options: Common) {
    this.options = options;
    this.out = new Terminal(process.stdout, process.env);
    this.err = new Terminal(process.stderr, process.env);
    // What a module prints when it is loaded is no part of the answer.
    globalThis.console = new Console(process.stderr, process.stderr);
  }

  get json(): boolean {
    return this.options.json === true;
  }

  /** What is asked about, loaded once. */
  subject(): Promise<Subject> {
    return (this.known ??= this.find());
  }

  /** The specification. @throws Failure where there is none */
  async specification(): Promise<ConfigSpec> {
    for (const file of this.options.envFile ?? []) loadEnvFile(file);
    const { loadSpec } = await import("./spec_module.ts");
    return loadSpec(this.options);
  }

  /** Prints an answer for programs. */
  printJson(value: unknown): void {
    this.out.print(jsonText(value, 2));
  }

  private async find(): Promise<Subject> {
    const spec = await this.specification();
    const { loadAside } = await import("./loading.ts");
    const { LocalSubject } = await import("./local.ts");
    const progress = new Progress(this.err);
    try {
      return new LocalSubject(await loadAside(spec, progress.waiting));
    } finally {
      progress.end();
    }
  }
}

function loadEnvFile(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch (error) {
    throw new Failure(`Cannot read the variables of "${file}": ${(error as Error).message}`, 2);
  }
}
