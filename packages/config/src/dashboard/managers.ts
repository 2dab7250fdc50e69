/** The shown configuration managers: their clients, and their states, read in place. */
import { erlang, type Pid, sys } from "@otpts/runtime";
import { type ConfigClient, Config } from "../config.ts";
import { withoutCredentials } from "../core/credentials.ts";
import { REDACTED } from "../core/redaction.ts";
import type { Budget } from "../core/sliced.ts";
import { meetSecrets, scrub } from "../manager/scrub.ts";
import type { Server } from "../manager/manager.ts";
import type { State } from "../manager/state.ts";
import { storeOf } from "../manager/store.ts";
import { ConfigSpec } from "../spec.ts";

const PATIENCE = 2_000;

export class Manager {
  readonly name: string;
  readonly client: ConfigClient;
  private spec: ConfigSpec | undefined;
  /** The process whose specification was requested. */
  private asked: Pid | undefined = undefined;

  constructor(given: ConfigSpec | string) {
    this.spec = given instanceof ConfigSpec ? given : undefined;
    this.name = given instanceof ConfigSpec ? given.name : given;
    this.client = Config.for(this.name);
  }

  /** Its process. */
  get pid(): Pid | undefined {
    return erlang.whereis(this.name);
  }

  /** Its state; undefined before it first ran. The last state stays while it is not running. */
  get state(): State | undefined {
    return this.spec === undefined ? undefined : storeOf(this.spec).saved;
  }

  /** Finds the specification that it runs with. Requested once. */
  async find(): Promise<void> {
    const { pid } = this;
    if (pid === undefined || pid === this.asked) return;
    this.asked = pid;
    try {
      const server = (await sys.get_state(pid, PATIENCE)) as Partial<Server> | undefined;
      const spec = server?.state?.spec;
      if (spec instanceof ConfigSpec) this.spec = spec;
    } catch {
      // It is not a manager, or it hangs: tried again with the next request.
      this.asked = undefined;
    }
  }

  /** Looks for the secrets of its configuration, in slices, so that `scrub` need not. */
  async meetSecrets(budget: Budget): Promise<void> {
    const { state } = this;
    if (state !== undefined) await meetSecrets(state, budget);
  }

  /** A text without the secrets of its configuration. */
  scrub(text: string): string {
    const { state } = this;
    return state === undefined ? text : scrub(state, text);
  }

  /** The author and the reason of a change, without its secrets. */
  author(actor: string | undefined, reason: string | undefined): { readonly actor?: string; readonly reason?: string } {
    return {
      ...(actor === undefined ? {} : { actor: this.scrub(actor) }),
      ...(reason === undefined ? {} : { reason: this.scrub(reason) }),
    };
  }
}

export class Managers {
  readonly all: readonly Manager[];

  constructor(given: readonly (ConfigSpec | string)[]) {
    this.all = given.map((one) => new Manager(one));
  }

  /** The manager named in a request, or the first one. */
  named(name: string | null): Manager {
    const found = name === null ? this.all[0] : this.all.find((one) => one.name === name);
    if (found === undefined)
      throw new RangeError(
        `no configuration manager "${(name ?? "").slice(0, 100)}" is shown: there are ${this.all.map((one) => one.name).join(", ")}`,
      );
    return found;
  }

  async find(): Promise<void> {
    await Promise.all(this.all.map((one) => one.find()));
  }

  /** A text without credentials, and without the secrets of any configuration. */
  scrub(text: string): string {
    return this.all.reduce((clean, one) => one.scrub(clean), withoutCredentials(text, REDACTED));
  }
}
