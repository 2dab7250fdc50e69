/** What this code runs in: a program, or a worker thread of one. */
import { isMainThread } from "node:worker_threads";

/** The word for what ends with its exit status: `program` or `worker thread`. */
export const WHOLE = isMainThread ? "program" : "worker thread";

/** Whether signals of the operating system arrive here. Worker threads get none. */
export const getsSignals = isMainThread;
