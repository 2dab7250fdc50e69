/**
 * Texts come from elsewhere: names of processes, keys, reasons. Invisible and direction-changing characters in them
 * are written as escapes, so that no name looks like another one.
 *
 *     visible("safe\u202Eexe")   // "safe\\u202eexe"
 */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (one) => `\\u${one.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

// Not the joiners, which emoji and some scripts need.
const UNSEEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
