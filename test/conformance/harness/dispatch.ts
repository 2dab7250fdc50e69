import { dispatcher } from "@otpts/runtime";

/** Puts the dispatcher of that name in place, before any process is started. */
export async function dispatch(name: string): Promise<void> {
  if (name === "turn") return;
  if (name !== "nact") throw new Error(`No dispatcher is called "${name}": there are turn and nact`);
  const { start } = await import("nact");
  const { nact_dispatcher } = await import("@otpts/runtime/nact");
  dispatcher.use(nact_dispatcher(start()));
}
