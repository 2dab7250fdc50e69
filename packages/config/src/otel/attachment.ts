import { telemetry } from "@otpts/runtime";

/** A handler and its event. */
export type EventHandler = readonly [event: string, handler: telemetry.Handler];

/** Attaches handlers. Returns a function that detaches them all, which may be called twice. */
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

/** Number of handlers ever attached, so that two bridges at once share no id. */
let attached = 0;
