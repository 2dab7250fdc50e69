export * as observer from "./observer/observer.ts";
/**
 * An overview of the running program: its processes, the busiest ones, and what waits for what. OTP's `observer` and
 * `etop`, as data.
 *
 * All data is read in place: no process gets a message and nothing is counted in advance, so this works on a program
 * that hangs, and costs nothing while it is not used.
 */
declare module "./observer/observer.ts" {}
export type {
  Criterion,
  Overview,
  ProcessDetails,
  ProcessNode,
  RestartedChild,
  SupervisedNode,
  TreeNode,
  TreeOptions,
  Wait,
  Wanted,
} from "./observer/observer.ts";
