import { context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import type { Observer } from "../behaviour/observer.ts";
import { isThenable } from "../term/thenable.ts";
import {
  attributesOf,
  CALLBACK,
  ERROR_TYPE,
  failureOf,
  MESSAGE,
  messageTag,
  PID,
  processName,
  serverName,
} from "./names.ts";

/** Called for every finished call, with its duration in seconds and its failure. */
export type Called = (server: string, seconds: number, failure: string | undefined) => void;

const HANDLERS: Readonly<Record<string, SpanKind>> = {
  handle_call: SpanKind.SERVER,
  handle_cast: SpanKind.CONSUMER,
};

/**
 * A span for each call and cast, as a child of the active span at its sender, and one for its handler, as a child of
 * that.
 */
export function spansOf(tracer: Tracer, called: Called): Observer {
  const start = (name: string, kind: SpanKind, attributes: Record<string, string | number>): Span =>
    tracer.startSpan(name, { kind, attributes });
  return {
    call(server, request, go) {
      const name = serverName(server);
      const span = start(`call ${name}`, SpanKind.CLIENT, attributesOf(name, request) as Record<string, string>);
      const began = performance.now();
      const over = (failure?: string): void => {
        called(name, (performance.now() - began) / 1_000, failure);
        end(span, failure);
      };
      return context.with(trace.setSpan(context.active(), span), go).then(
        (value) => {
          over();
          return value;
        },
        (error: unknown) => {
          over(failureOf(error));
          throw error;
        },
      );
    },
    cast(server, message, go) {
      const name = serverName(server);
      const span = start(`cast ${name}`, SpanKind.PRODUCER, attributesOf(name, message) as Record<string, string>);
      try {
        context.with(trace.setSpan(context.active(), span), go);
      } finally {
        span.end();
      }
    },
    handle(process, callback, message, go) {
      const kind = HANDLERS[callback];
      // Without a traced parent there is no span: a timer's message, a process's own continuation.
      if (kind === undefined || trace.getSpan(context.active()) === undefined) return go();
      const name = processName(process);
      const tag = messageTag(message);
      const span = start(`${callback} ${name}`, kind, {
        ...(attributesOf(name, message) as Record<string, string>),
        [PID]: String(process.pid),
        [CALLBACK]: callback,
        ...(tag === undefined ? {} : { [MESSAGE]: tag }),
      });
      let result: unknown;
      try {
        result = context.with(trace.setSpan(context.active(), span), go);
      } catch (error) {
        end(span, failureOf(error));
        throw error;
      }
      if (!isThenable(result)) {
        end(span);
        return result;
      }
      return Promise.resolve(result).then(
        (value) => {
          end(span);
          return value;
        },
        (error: unknown) => {
          end(span, failureOf(error));
          throw error;
        },
      );
    },
  };
}

function end(span: Span, failure?: string): void {
  if (failure !== undefined) {
    span.setAttribute(ERROR_TYPE, failure);
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  }
  span.end();
}
