import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Writable } from "node:stream";

import { RemoteFailure } from "../remote/failure.ts";

/** Reads a response's body in pieces, so that a large one never blocks the event loop. */
export interface BodyReader {
  /** May throw a `RemoteFailure`, which ends the exchange. */
  write(chunk: Buffer): void;
  /** The body is complete. May throw a `RemoteFailure`. */
  end(): void;
}

/** The part of an unread body that is kept for the error message, in bytes. */
const KEPT = 4096;

/**
 * One request and its response. It is the HTTP client's `ctx`, whose event `cancel` ends the request.
 *
 * It reads the body itself, which the client would not do well enough: it limits the size, notices a body that was cut
 * off (the client would wait for ever), and lets the event loop take a turn after each piece.
 */
export class Exchange extends EventEmitter {
  /** Read by the client: resolve with the response. */
  readonly includeResponse = true;
  /** Read by the client: do not even start. */
  canceled = false;
  failure: RemoteFailure | undefined;
  response: IncomingMessage | undefined;
  bytes = 0;
  readonly body: Writable;
  /** Resolves when the body has been read or the exchange has failed. */
  readonly finished: Promise<void>;
  readonly #kept: Buffer[] = [];

  constructor(limit: number, reader: BodyReader | undefined) {
    super();
    const readerOf = () => (this.response?.statusCode === 200 ? reader : undefined);
    this.body = new Writable({
      highWaterMark: 64 * 1024,
      write: (chunk: Buffer, _encoding, done) => {
        this.bytes += chunk.length;
        if (this.failure === undefined) this.#take(chunk, limit, readerOf());
        setImmediate(done);
      },
      final: (done) => {
        if (this.failure === undefined) this.#guard(() => readerOf()?.end());
        done();
      },
    });
    this.body.once("pipe", (response: IncomingMessage) => {
      this.response = response;
      response.on("error", ignored);
      response.once("close", () => {
        if (!response.complete) this.cancel(new RemoteFailure("truncated", "the answer was cut off"));
      });
    });
    this.finished = new Promise((resolve) => {
      this.body.once("finish", resolve);
      this.once("cancel", resolve);
    });
  }

  /** Ends the request. The first failure is the one that counts. */
  cancel(failure: RemoteFailure): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.canceled = true;
    this.emit("cancel");
  }

  /** The start of the body, if there was no reader for it. */
  text(): string {
    return Buffer.concat(this.#kept).toString("utf8");
  }

  #take(chunk: Buffer, limit: number, reader: BodyReader | undefined): void {
    if (this.bytes > limit) {
      this.cancel(new RemoteFailure("too_large", `the answer is larger than max_bytes (${limit} bytes)`));
    } else if (reader !== undefined) {
      this.#guard(() => reader.write(chunk));
    } else if (this.bytes - chunk.length < KEPT) {
      this.#kept.push(chunk.subarray(0, KEPT));
    }
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.cancel(error instanceof RemoteFailure ? error : new RemoteFailure("not_json", "the answer cannot be read"));
    }
  }
}

/** A failed response emits `close` without `complete`; the client does not listen for its `error`. */
function ignored(): void {}
