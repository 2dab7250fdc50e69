/** What was thrown, as an Error. It may be anything, also an object that throws when it is looked at. */
export function asError(thrown: unknown): Error {
  try {
    // An Error whose message cannot be read is none that can be shown.
    if (thrown instanceof Error && typeof thrown.message === "string" && typeof thrown.name === "string") return thrown;
  } catch {
    return new Error("it threw an error that cannot be read");
  }
  return new Error(inWords(thrown));
}

/** The message of what was thrown. */
export function messageOf(thrown: unknown): string {
  return asError(thrown).message;
}

function inWords(thrown: unknown): string {
  try {
    const text = String(thrown);
    return text.startsWith("[object ") ? "it threw an object that is no Error" : text;
  } catch {
    return "it threw something that has no text";
  }
}
