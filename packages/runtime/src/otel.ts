export * as otel from "./otel/functions.ts";
/**
 * The bridge to OpenTelemetry: spans for calls and casts with the caller as parent, and metrics of the runtime. The
 * rest of the package does not need `@opentelemetry/api`. `docs/otel.md` is the guide.
 */
declare module "./otel/functions.ts" {}
