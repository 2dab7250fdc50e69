import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";

import type { Table } from "../core/value.ts";
import type { FormatName } from "./by_extension.ts";
import { SyntaxFault } from "./format.ts";
import type { ParserAnswer, ParserJob } from "./parser_thread.ts";
import type { Positions } from "./positions.ts";
import { Assembly, type Slice } from "./slices.ts";

/** No thread can be started: a bundler omitted its file, or threads are not allowed. */
export class NoThread extends Error {
  override readonly name = "NoThread";
}

/**
 * The thread's built file; when run from the sources, which Node 20 cannot run in a thread, also the built file.
 *
 * @throws TypeError in a bundle of CommonJS, where modules have no URL
 */
function threadFile(): URL {
  if (import.meta.url.endsWith(".ts")) return new URL("../../dist/formats/parser_thread.js", import.meta.url);
  return new URL("./parser_thread.js", import.meta.url);
}

/**
 * Parses bytes in a thread, so that the event loop is never blocked: the tree arrives in slices, with a turn of the
 * loop between them. The thread ends with the work.
 *
 * @throws SyntaxFault, NoThread, or the signal's reason
 */
export async function parse_aside(
  bytes: Uint8Array,
  format: FormatName,
  signal: AbortSignal,
): Promise<{ readonly tree: Table; readonly positions: Positions }> {
  signal.throwIfAborted();
  const answers = new MessageChannel();
  const slices = new MessageChannel();
  const job: ParserJob = { bytes, format, port: answers.port2, slices: slices.port2 };
  let worker: Worker | undefined;
  try {
    worker = started(job);
    const answer = await answerOf(worker, answers.port1, signal);
    if ("fault" in answer) {
      const { code, message, position } = answer.fault;
      throw new SyntaxFault(code, message, position);
    }
    const assembly = new Assembly();
    for (let next = receiveMessageOnPort(slices.port1); next !== undefined; next = receiveMessageOnPort(slices.port1)) {
      assembly.add((next as { message: Slice }).message);
      await turn(undefined, { signal });
    }
    return { tree: assembly.tree, positions: answer.positions };
  } finally {
    answers.port1.close();
    slices.port1.close();
    await worker?.terminate();
  }
}

function started(job: ParserJob): Worker {
  try {
    return new Worker(threadFile(), { workerData: job, transferList: [job.port, job.slices], execArgv: [] });
  } catch (error) {
    throw new NoThread("", { cause: error });
  }
}

/** The thread's final message. An error before its first message means that it cannot run at all. */
async function answerOf(worker: Worker, port: MessageChannel["port1"], signal: AbortSignal) {
  let runs = false;
  const failed = new Promise<never>((_, reject) => {
    worker.once("error", (error) => reject(runs ? error : new NoThread("", { cause: error })));
    worker.once("exit", (code) => {
      if (code !== 0) reject(new Error(`The parser's thread ended with ${code}`));
    });
  });
  const answered = (async () => {
    for (;;) {
      const [answer] = (await once(port, "message", { signal })) as [ParserAnswer];
      if (answer !== "started") return answer;
      runs = true;
    }
  })();
  // Only the first outcome counts.
  answered.catch(() => undefined);
  failed.catch(() => undefined);
  return Promise.race([answered, failed]);
}
