import { telemetry } from "@otpts/runtime";

/** A handler, and the event that it is for. */
export type EventHandler = readonly [event: string, handler: telemetry.Handler];

/** Attaches handlers. Returns what detaches them all; it may be called twice. */
export function attachAll(handlers: readonly EventHandler[]): () => void {
  const ids = handlers.map(([event, handler]) => {
    const id = `@otpts/config/otel ${++attached} ${event}`;
    telemetry.attach(id, event, handler);
    return id;
  });
  return () => {
    for (const id of ids) telemetry.detach(id);
  };
}

/** Handlers that were ever attached: two bridges at once share no id. */
let attached = 0;
