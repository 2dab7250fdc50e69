/**
 * Whether a key names a secret, in any spelling: `password`, `dbPassword`, `CLIENT_SECRET`, `api-key`, `pgpassword`.
 * Words are separated by capitals and by characters other than letters and digits; a number at the end of one does not
 * count: `password2`, `token_1`.
 *
 * The rule is decision "Default secrets" of the specification.
 */
export function isSecretName(key: string): boolean {
  if (!HINT.test(key)) return false;
  const known = judged.get(key);
  if (known !== undefined) return known;
  const verdict = isSecret(wordsOf(key));
  if (key.length <= LONGEST_REMEMBERED && judged.size < MOST_REMEMBERED) judged.set(key, verdict);
  return verdict;
}

/** Each name of a secret contains one of these. */
const HINT = /pass|pwd|pw|secret|token|cred|dsn|jwt|authori|bearer|key|string/i;

/** The same keys are looked up repeatedly; this many results are kept. */
const judged = new Map<string, boolean>();
const MOST_REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 100;

/** Secret anywhere in a key. */
const WORDS: ReadonlySet<string> = new Set(
  "password passwords passwd pwd passphrase passcode secret secrets token cred creds credential credentials dsn jwt".split(
    " ",
  ),
);

/** Secret as the last word. */
const LAST: ReadonlySet<string> = new Set(["pass", "pw", "authorization", "bearer"]);

/** Secret before `key` or `keys`. */
const KEYS: ReadonlySet<string> = new Set(
  "api private secret access auth encryption crypt cipher signing master session cookie account storage shared license deploy ssh ssl tls hmac".split(
    " ",
  ),
);

/** Secret before `tokens`: other tokens are counted, as in `max_tokens`. */
const TOKENS: ReadonlySet<string> = new Set(["api", "access", "auth", "refresh", "bearer", "session"]);

/** Words that are written together with another word. */
const ENDING =
  /(?:password|passwd|passphrase|pwd|secret|token|credentials?|(?:db|pg|sql|smtp|ftp|ldap|mail|root|admin|user|key|store)pass|(?:api|private|secret|access|encryption|signing)keys?)$/;

function wordsOf(key: string): readonly string[] {
  return key
    .split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase().replace(/[0-9]+$/, ""))
    .filter((word) => word !== "");
}

/** As the last word these make the key something about a secret: `password_file`, `token_ttl`. */
const ABOUT: ReadonlySet<string> = new Set(
  "file files path dir name length min max ttl timeout expiry policy limit count type url uri endpoint header enabled required".split(
    " ",
  ),
);

function isSecret(words: readonly string[]): boolean {
  if (words.length > 1 && ABOUT.has(words[words.length - 1]!)) return false;
  return words.some((word, i) => {
    if (WORDS.has(word) || ENDING.test(word)) return true;
    const before = words[i - 1] ?? "";
    if (word === "key" || word === "keys") return KEYS.has(before);
    if (word === "tokens") return words.length === 1 || TOKENS.has(before);
    if (word === "string") return before === "connection";
    return LAST.has(word) && i === words.length - 1;
  });
}
