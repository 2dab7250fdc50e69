import { Console } from "node:console";
import type { ConfigSpec } from "../spec.ts";
import { Failure } from "./failure.ts";
import type { LoadedSpec } from "./loading.ts";
import { Progress } from "./progress.ts";
import type { Address, Subject } from "./subject.ts";
import { Terminal } from "./terminal.ts";
import { writtenOf } from "../core/json_writer.ts";

/** Options that every command takes. */
export interface Common {
  readonly module?: string;
  readonly spec?: string;
  readonly json?: boolean;
  readonly dotenv?: readonly string[];
  readonly url?: string;
  readonly token?: string;
  readonly manager?: string;
  readonly header?: readonly string[];
}

/** One run of a command: its options, and its outputs. */
export class Session {
  readonly options: Common;
  readonly out: Terminal;
  readonly err: Terminal;
  private known: Promise<Subject> | undefined;

  constructor(options: Common) {
    this.options = options;
    this.out = new Terminal(process.stdout, process.env);
    this.err = new Terminal(process.stderr, process.env);
    // Output of a module is not part of the answer.
    globalThis.console = new Console(process.stderr, process.stderr);
  }

  get json(): boolean {
    return this.options.json === true;
  }

  /** The subject of the command, loaded once. */
  subject(): Promise<Subject> {
    return (this.known ??= this.find());
  }

  /** The specification. @throws Failure if there is none */
  async specification(): Promise<ConfigSpec> {
    const { dotenv = [] } = this.options;
    if (dotenv.length > 0) {
      const { loadVariables } = await import("./variables.ts");
      for (const file of dotenv) await loadVariables(file);
    }
    const { loadSpec } = await import("./spec_module.ts");
    return loadSpec(this.options);
  }

  /** Prints an answer for programs. */
  printJson(value: unknown): void {
    this.out.print(writtenOf(value, 2));
  }

  /** The running program, if one is named. Options have priority over the environment. */
  remote(): Address | undefined {
    const { url, module, token, manager, header } = this.options;
    const isModuleGiven = module !== undefined && module !== process.env["OTPTS_CONFIG"];
    if (url === undefined || (isModuleGiven && url === process.env["OTPTS_URL"])) return undefined;
    if (isModuleGiven)
      throw new Failure("Cannot use both --module and --url: name a specification or a running program", 2);
    return { url, token, manager, headers: header ?? [] };
  }

  /** Reads the sources of a specification once. */
  async loaded(spec: ConfigSpec): Promise<LoadedSpec> {
    const { loadAside } = await import("./loading.ts");
    const progress = new Progress(this.err);
    try {
      return await loadAside(spec, progress.waiting);
    } finally {
      progress.end();
    }
  }

  private async find(): Promise<Subject> {
    const address = this.remote();
    if (address === undefined) {
      const loaded = await this.loaded(await this.specification());
      const { LocalSubject } = await import("./local.ts");
      return new LocalSubject(loaded);
    }
    const { RemoteSubject } = await import("./remote.ts");
    return new RemoteSubject(address, new Progress(this.err));
  }
}
