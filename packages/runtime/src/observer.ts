/**
 * What runs, from above: which processes there are, which of them have the most to do, who waits for whom. OTP's `observer` and
 * `etop`, as data.
 *
 * All of it is read where it stands: no process is asked and nothing is counted for it, so a program that hangs can be looked at, and
 * one that nobody looks at pays nothing.
 */
export * as observer from "./observer/observer.ts";
export type {
  Criterion,
  Overview,
  ProcessDetails,
  RestartedChild,
  SupervisedNode,
  TreeNode,
  TreeOptions,
  Wait,
  Wanted,
} from "./observer/observer.ts";
