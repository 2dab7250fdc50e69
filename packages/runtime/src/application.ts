export * as application from "./application/functions.ts";
/**
 * Starting and stopping a whole program: applications start in dependency order, become ready, and are drained and
 * stopped in reverse. OTP's `application`, with the phases that a program behind a load balancer needs.
 * `docs/application.md` is the guide.
 */
declare module "./application/functions.ts" {}
