import type { Heard } from "../remote/follow.ts";
import type { Answer } from "./client.ts";

/**
 * Consul's rules for the index of blocking queries: begin without one, also after every error; if it is missing, below
 * 1 or below the last one, begin again; if it is the same, the wait was over. Source: Consul's documentation, "Blocking
 * queries".
 */
export class ConsulIndex {
  private last = 0n;
  private present: boolean | undefined;

  /** 0: the next query does not block. */
  get value(): bigint {
    return this.last;
  }

  /** The next query does not block. */
  forget(): void {
    this.last = 0n;
  }

  /** The meaning of the response to a query with this index. */
  heard(answer: Answer): Heard {
    const asked = this.last;
    const present = answer.status === 200;
    const appearedOrGone = this.present !== present;
    // An absent prefix has the index of the whole store, which changes with every write.
    const moved = answer.index !== asked && present;
    this.present = present;
    this.last = answer.index < 1n || answer.index < asked ? 0n : answer.index;
    return {
      news: asked === 0n || appearedOrGone || moved,
      moved: answer.index !== asked,
      valid: answer.index > 0n,
    };
  }
}
