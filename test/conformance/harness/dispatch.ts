/** Puts the dispatcher of that name in place, before any process is started. */
export async function dispatch(dispatcher: string): Promise<void> {
  if (dispatcher === "turn") return;
  throw new Error(`No dispatcher is called "${dispatcher}"`);
}
