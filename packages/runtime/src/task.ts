/**
 * Work that runs beside its caller: `task` for tasks that are awaited, `task_supervisor` for tasks that live in the tree.
 * Elixir's `Task` and `Task.Supervisor`. `docs/task.md` is the guide, also for those who come from p-queue and p-map.
 */
export * as task from "./task/functions.ts";
/** A supervisor for tasks: they live in the tree, whoever started them. Elixir's `Task.Supervisor`. */
export * as task_supervisor from "./task/supervised.ts";
export { Task } from "./task/task.ts";
export type { Outcome, TaskContext, TaskFunction } from "./task/task.ts";
export type { StreamOptions } from "./task/stream.ts";
