export * as task from "./task/functions.ts";
/**
 * Work that runs concurrently with its caller: `task` for tasks that are awaited, `task_supervisor` for tasks in the
 * supervision tree. Elixir's `Task` and `Task.Supervisor`. `docs/task.md` is the guide, and has equivalents of p-queue
 * and p-map.
 */
declare module "./task/functions.ts" {}
export * as task_supervisor from "./task/supervised.ts";
/** A supervisor for tasks, which run in its tree no matter which process started them. Elixir's `Task.Supervisor`. */
declare module "./task/supervised.ts" {}
export { Task } from "./task/task.ts";
export type { Outcome, TaskContext, TaskFunction } from "./task/task.ts";
export type { StreamOptions } from "./task/stream.ts";
