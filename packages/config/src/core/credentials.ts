/**
 * Credentials inside a text: the user part of a URL (`postgres://u:pw@host`), a password in a connection string
 * (`Server=db;Password=pw`, `host=db password=pw`, `?token=…`), the header of an HTTP request (`Bearer …`), a private
 * key in PEM. The search takes linear time.
 */

/** The secret part of a text, by its offsets. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** No shorter text contains credentials. */
const SHORTEST = 4;
const NONE: readonly never[] = [];

/** The text with each of its credentials replaced; the same text if it has none. */
export function withoutCredentials(text: string, by: string): string {
  const spans = spansOf(text);
  if (spans.length === 0) return text;
  let shown = "";
  let at = 0;
  for (const { start, end } of spans) {
    shown += text.slice(at, start) + by;
    at = end;
  }
  return shown + text.slice(at);
}

/** The credentials in a text: whole, the password after its colon, and the unescaped password. */
export function credentialsIn(text: string): readonly string[] {
  return spansOf(text).flatMap(({ start, end }) => {
    const whole = text.slice(start, end);
    const colon = whole.indexOf(":");
    const parts = colon === -1 ? [whole] : [whole, whole.slice(colon + 1)];
    return [...parts, ...parts.map(decoded)];
  });
}

/** Each text with credentials contains one of these. */
const HINT = /[=@]|:\/\/|-----|bearer|basic/i;

function spansOf(text: string): readonly Span[] {
  if (text.length < SHORTEST || !HINT.test(text)) return NONE;
  const found: Span[] = [];
  if (text.includes("://")) userParts(text, found);
  if (text.includes("=")) matched(text, ASSIGNED, found);
  if (/bearer|basic/i.test(text)) matched(text, HEADER, found);
  if (text.includes("PRIVATE KEY-----")) matched(text, PEM, found);
  if (text.includes("@")) matched(text, DRIVER, found);
  found.sort((a, b) => a.start - b.start);
  // If two overlap, they count as one, from the first beginning to the last end.
  return found.reduce<Span[]>((apart, span) => {
    const last = apart[apart.length - 1];
    if (last === undefined || span.start >= last.end) apart.push(span);
    else apart[apart.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    return apart;
  }, []);
}

/** The first group is the text before the credential; the credential is the rest. */
const ASSIGNED =
  /((?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key|account[-_]?key|signature|[?&]sig)[ \t]{0,9}=[ \t]{0,9})(?:"[^"]*"|'[^']*'|[^\s;&"']+)/gi;
const HEADER = /(\b(?:bearer|basic)[ \t]{1,9})[A-Za-z0-9._~+/=-]{8,}/gi;
const PEM = /()-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?/g;
/** `user:pw@tcp(host)/db`, as in Go's drivers. */
const DRIVER = /^()[^\s:/@]{1,200}:.{1,500}(?=@(?:tcp|udp|unix)\()/g;

function matched(text: string, expression: RegExp, found: Span[]): void {
  for (const match of text.matchAll(expression)) {
    const start = match.index + match[1]!.length;
    if (match[0].length > match[1]!.length) found.push({ start, end: match.index + match[0].length });
  }
}

const AUTHORITY_END = /[\s/?#"'<>]/;
const TEXT_END = /[\s"'<>]/;

/** Longest user part to search for if its password has a slash in it. */
const WINDOW = 2_000;

function userParts(text: string, found: Span[]): void {
  for (let at = text.indexOf("://"); at !== -1; at = text.indexOf("://", at + 3)) {
    const start = at + 3;
    const near = text.slice(start, start + WINDOW);
    let authority = until(near, AUTHORITY_END);
    // A password may contain characters that should have been escaped: then no port follows the colon.
    if (!authority.includes("@") && /:(?!\d{1,5}$)/.test(authority)) authority = until(near, TEXT_END);
    const end = authority.lastIndexOf("@");
    if (end > 0) found.push({ start, end: start + end });
  }
}

function until(text: string, end: RegExp): string {
  const index = text.search(end);
  return index === -1 ? text : text.slice(0, index);
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
