import { environmentOf } from "../answers/environment.ts";
import { explanationAt } from "../answers/explanation.ts";
import { valuesAt } from "../answers/values.ts";
import { sideOf } from "./comparison.ts";
import { Failure } from "./failure.ts";
import type { LoadedSpec } from "./loading.ts";
import type { Subject } from "./subject.ts";

/** A specification whose sources were read. */
export class LocalSubject implements Subject {
  private readonly loaded: LoadedSpec;

  constructor(loaded: LoadedSpec) {
    this.loaded = loaded;
  }

  verdict = async () => this.loaded.verdict;
  values = async (path: string) => valuesAt(this.loaded.state, path);
  explanation = async (path: string) => explanationAt(this.loaded.state, path);
  environment = async () => environmentOf(this.loaded.state);
  side = async () => sideOf(this.loaded.state);

  async history(): Promise<never> {
    throw new Failure("Cannot tell versions of a specification: a running program has them; name one with --url", 2);
  }

  difference = () => this.history();
}
