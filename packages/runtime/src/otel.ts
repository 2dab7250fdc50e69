/**
 * The bridge to OpenTelemetry: spans for calls and casts with the caller as parent, and metrics of the runtime. Who does not import
 * it needs no `@opentelemetry/api`. `docs/otel.md` is the guide.
 */
export * as otel from "./otel/functions.ts";
