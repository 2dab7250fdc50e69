/** The error of a function that is expected to fail, now or later. */
export async function failure(act: () => unknown): Promise<Error & { reason?: unknown }> {
  try {
    await act();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}
