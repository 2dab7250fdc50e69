/** The instances of a fleet, as its operator sees them. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Value } from "@otpts/config";
import type { Answer, Ask, Told } from "./instance.ts";

// Runs from the build, whether this file is the source or the built one.
const program = fileURLToPath(new URL("../../dist/fleet/instance.js", import.meta.url));

/** One instance in a separate operating-system process. */
export class Instance {
  /** All its reports, in order. */
  readonly told: Told[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<{ hear(told: Told): void; end(error: Error): void }>();
  #asked = 0;

  /** @param env the address of Consul (`CONSUL_HTTP_ADDR`), and the keys to follow (`FLEET_PREFIX`, `FLEET_LAYOUT`) */
  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(program, {
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (told: Told) => {
      this.told.push(told);
      for (const waiting of this.#waiting) waiting.hear(told);
    });
    this.#child.on("exit", () => {
      for (const waiting of this.#waiting) waiting.end(new Error("The instance has ended"));
    });
  }

  /** The notifications of its subscribers, in order. */
  get values(): readonly (Value | undefined)[] {
    return this.told.flatMap((told) => ("changed" in told ? [told.value] : []));
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the first report that matches: a past one, from the given index on, or a future one. */
  async until<T extends Told>(fits: (told: Told) => told is T, from = 0): Promise<T> {
    const known = this.told.slice(from).find(fits);
    if (known !== undefined) return known;
    if (!this.alive) throw new Error("The instance has ended");
    return await new Promise<T>((resolve, reject) => {
      const waiting = {
        hear: (told: Told) => {
          if (!fits(told)) return;
          this.#waiting.delete(waiting);
          resolve(told);
        },
        end: reject,
      };
      this.#waiting.add(waiting);
    });
  }

  async ready(): Promise<void> {
    await this.until((told): told is Told & { ready: true } => "ready" in told);
  }

  put(path: string, value: Value): Promise<unknown> {
    return this.#ask({ do: "put", path, value });
  }

  get(path: string): Promise<unknown> {
    return this.#ask({ do: "get", path });
  }

  status(): Promise<unknown> {
    return this.#ask({ do: "status" });
  }

  /** Stops in OTP's order. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    const gone = once(this.#child, "exit");
    await this.#ask({ do: "stop" });
    await gone;
  }

  /** Ends the process as a loss of power would. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  async #ask(ask: AskWithoutId): Promise<unknown> {
    const id = (this.#asked += 1);
    this.#child.send({ ...ask, id } satisfies Ask);
    const { value, error } = await this.until((told): told is Answer => "answer" in told && told.answer === id);
    if (error !== undefined) throw new Error(error);
    return value;
  }
}

type AskWithoutId = Ask extends infer A ? (A extends unknown ? Omit<A, "id"> : never) : never;
