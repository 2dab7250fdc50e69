/**
 * Start and stop of a whole program: applications start in the order in which they need each other, become ready, are drained
 * and stopped in reverse. OTP's `application`, with the phases that a program behind a load balancer needs.
 * `docs/application.md` is the guide.
 */
export * as application from "./application/functions.ts";
