/** Requests with secrets: errors and reports show them without. */
import type { Atom } from "../term/atom.ts";
import { isTuple, read } from "../term/guarded.ts";

const shown = new Map<unknown, (request: readonly unknown[]) => readonly unknown[]>();

/**
 * Sets how requests that begin with an atom are shown when a call of them fails.
 *
 * @param show returns a request without its secrets
 *
 * @example
 * gen_server.sensitive(LOGIN, ([tag, user]) => [tag, user, "[redacted]"]);
 */
export function sensitive(tag: Atom, show: (request: readonly unknown[]) => readonly unknown[]): void {
  shown.set(tag, show);
}

/** A request as it may be shown. */
export function showable(request: unknown): unknown {
  if (shown.size === 0 || !isTuple(request)) return request;
  const show = shown.get(read(request, 0));
  return show === undefined ? request : show(request);
}
