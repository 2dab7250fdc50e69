/** The dispatchers that the scenarios run under. */
import { dispatcher } from "@otpts/runtime";

export const DISPATCHERS: readonly string[] = ["turn", "nact"];

/** Puts the dispatcher of that name in place for all processes that are started from now on. */
export async function dispatch(name: string): Promise<void> {
  if (name !== "nact") return;
  const [{ start }, { nact_dispatcher }] = await Promise.all([import("nact"), import("@otpts/runtime/nact")]);
  dispatcher.use(nact_dispatcher(start()));
}
