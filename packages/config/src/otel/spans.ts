import { type Attributes, type Span, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type { SourceOutcome } from "../protocol.ts";
import type { EventHandler } from "./attachment.ts";
import { CHANGED, ERROR_TYPE, MANAGER, OUTCOME, PROBLEMS, SOURCE, VERSION } from "./attributes.ts";

/** Spans of reloads. */
export interface Spans {
  readonly handlers: readonly EventHandler[];
  /** Ends the open spans. */
  stop(): void;
}

/**
 * One span for each reload, with the failures of sources and of validation during it as its events.
 *
 * The spans are roots: a manager outlives the span under which it was started, and its reloads do not belong to a
 * request. A manager does one reload at a time, so its span is found by the manager's name; the span of a killed
 * manager ends when the next one begins.
 */
export function spansOf(tracer: Tracer): Spans {
  const open = new Map<unknown, Span>();
  const end = (manager: unknown, finish: (span: Span) => void): void => {
    const span = open.get(manager);
    if (span === undefined || !open.delete(manager)) return;
    finish(span);
    span.end();
  };
  const abandoned = (span: Span): void => {
    span.setAttribute(OUTCOME, "abandoned");
    span.setStatus({ code: SpanStatusCode.ERROR, message: "The reload was not finished" });
  };
  const during =
    (name: string, attributes: (...event: Parameters<EventHandler[1]>) => Attributes): EventHandler[1] =>
    (...event) =>
      void open.get(event[2]["manager"])?.addEvent(name, attributes(...event));

  const handlers: readonly EventHandler[] = [
    [
      "config.reload.start",
      (_, __, { manager }) => {
        end(manager, abandoned);
        const attributes = { [MANAGER]: manager as string };
        open.set(manager, tracer.startSpan("config.reload", { kind: SpanKind.INTERNAL, root: true, attributes }));
      },
    ],
    [
      "config.source_error",
      during("config.source_error", (_, __, { source, code }) => ({
        [SOURCE]: source as string,
        [ERROR_TYPE]: code as string,
      })),
    ],
    ["config.validation_failed", during("config.validation_failed", (_, { problems }) => ({ [PROBLEMS]: problems! }))],
    [
      "config.reload.stop",
      (_, __, { manager, version, changed, sources }) =>
        end(manager, (span) => {
          span.setAttribute(OUTCOME, "committed");
          span.setAttribute(VERSION, version as number);
          span.setAttribute(CHANGED, changed as number);
          for (const { source, outcome } of sources as readonly SourceOutcome[]) {
            span.setAttribute(`${SOURCE}.${source}.outcome`, outcome);
          }
        }),
    ],
    [
      "config.reload.exception",
      (_, __, { manager }) =>
        end(manager, (span) => {
          span.setAttribute(OUTCOME, "refused");
          span.setStatus({ code: SpanStatusCode.ERROR, message: "The reload was refused" });
        }),
    ],
  ];
  return {
    handlers,
    stop() {
      for (const manager of open.keys()) end(manager, abandoned);
    },
  };
}
