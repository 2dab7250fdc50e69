import { environmentOf } from "../answers/environment.ts";
import { explanationAt } from "../answers/explanation.ts";
import { leavesAnswer, valueAnswer } from "../answers/values.ts";
import { sideOf } from "./comparison.ts";
import { Failure } from "./failure.ts";
import type { LoadedSpec } from "./loading.ts";
import type { Subject } from "./subject.ts";

/** A specification with its loaded sources. */
export class LocalSubject implements Subject {
  private readonly loaded: LoadedSpec;

  constructor(loaded: LoadedSpec) {
    this.loaded = loaded;
  }

  verdict = async () => this.loaded.verdict;
  value = async (path: string) => valueAnswer(this.loaded.state, path);
  leaves = async (path: string) => leavesAnswer(this.loaded.state, path);
  explanation = async (path: string) => explanationAt(this.loaded.state, path);
  environment = async () => environmentOf(this.loaded.state);
  side = async () => sideOf(this.loaded.state);

  async history(): Promise<never> {
    throw new Failure("Cannot list versions: a specification has none; name a running program with --url", 2);
  }

  difference = () => this.history();
}
