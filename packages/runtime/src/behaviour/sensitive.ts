/** Requests that carry what nobody else may see: in errors and reports they are shown without it. */
import type { Atom } from "../term/atom.ts";
import { isTuple, read } from "../term/guarded.ts";

const shown = new Map<unknown, (request: readonly unknown[]) => readonly unknown[]>();

/**
 * Says how requests that begin with an atom are shown where a call of them fails.
 *
 * @param show gives a request without what is secret in it
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
