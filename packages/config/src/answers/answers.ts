import { newBudget } from "../budget.ts";
import { differenceOf, historyOf } from "../manager/history.ts";
import type { State } from "../manager/state.ts";
import { environmentOf } from "./environment.ts";
import { explanationAt } from "./explanation.ts";
import { leavesAnswer, valueAnswer } from "./values.ts";
import { runningVerdict } from "./verdict.ts";

/** Makes an answer: plain data without secrets. Large values are read in slices. */
export type Answer = (state: State, query: URLSearchParams) => Promise<unknown>;

/** All answers of a running manager, by name. @throws TypeError, RangeError if the query is wrong */
export const answers: Readonly<Record<string, Answer>> = {
  verdict: (state) => runningVerdict(state),
  value: (state, query) => valueAnswer(state, query.get("path") ?? ""),
  leaves: (state, query) => leavesAnswer(state, query.get("path") ?? ""),
  explanation: (state, query) => explanationAt(state, query.get("path") ?? ""),
  environment: (state) => environmentOf(state),
  history: async (state) => historyOf(state),
  difference: async (state, query) => {
    const to = query.get("to");
    const current = state.configuration.snapshot.version;
    return differenceOf(state, versionOf(query.get("from")), to === null ? current : versionOf(to), newBudget());
  },
};

function versionOf(text: string | null): number {
  const version = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(version))
    throw new TypeError(`Cannot compare: a version is a whole number, got "${text ?? ""}"`);
  return version;
}
