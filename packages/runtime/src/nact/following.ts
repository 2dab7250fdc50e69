/**
 * Detecting an actor's end. An actor has ended when any code has stopped it, and when an actor above it or its system
 * has been stopped: nact 7 leaves the children unchanged in that case, but no reference reaches them any more.
 *
 * nact does not report this, so `stop` is wrapped, on the one object, while it is being followed.
 */
import type { Parent } from "./concrete.ts";

type Listener = () => void;

const followed = new WeakMap<Parent, Set<Listener>>();

/** Calls `ended` once, at the end of `actor`. Returns a function that ends the following. */
export function follow(actor: Parent, ended: Listener): () => void {
  const above: Parent[] = [];
  for (let one: Parent | undefined = actor; one !== undefined; one = one.parent) above.push(one);
  const unfollow = () => {
    for (const one of above) leave(one, once);
  };
  const once = () => {
    unfollow();
    ended();
  };
  for (const one of above) join(one, once);
  return unfollow;
}

function join(parent: Parent, ended: Listener): void {
  const listeners = followed.get(parent);
  if (listeners !== undefined) {
    listeners.add(ended);
    return;
  }
  const fresh = new Set([ended]);
  followed.set(parent, fresh);
  parent.stop = () => {
    unwrap(parent);
    parent.stop();
    for (const each of fresh) each();
  };
}

function leave(parent: Parent, ended: Listener): void {
  const listeners = followed.get(parent);
  if (listeners?.delete(ended) && listeners.size === 0) unwrap(parent);
}

// This uncovers the class's own method.
function unwrap(parent: Parent): void {
  followed.delete(parent);
  delete (parent as Partial<Parent>).stop;
}
