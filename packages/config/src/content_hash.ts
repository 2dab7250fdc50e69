import { createHash } from "node:crypto";
import { newBudget } from "./budget.ts";
import { CanonicalText } from "./core/canonical.ts";
import { holdsMore } from "./core/making.ts";
import type { Secrets } from "./core/secrets.ts";
import type { Table } from "./core/value.ts";

/**
 * The content hash of a configuration: equal for equal configurations, whatever the order of keys and sources, the
 * version and the machine. SHA-256 of the canonical text (`core/canonical.ts`), as 64 hexadecimal digits.
 *
 * Secrets count as `[redacted]`: a reader of the hash may know the rest of the configuration, so a hash over a secret
 * would let them test guesses of it as fast as they can hash.
 *
 * It is computed when it is first needed, once for each tree.
 *
 * @returns a promise if the tree is large, which is then hashed in slices
 */
export function contentHash(tree: Table, secrets: Secrets): string | Promise<string> {
  const { generation } = secrets;
  const found = known.get(tree);
  if (found?.secrets === secrets && found.generation === generation) return found.hash;
  const remember = (hash: Known["hash"]) => known.set(tree, { secrets, generation, hash });
  if (!holdsMore(tree, LARGE)) {
    const digest = createHash("sha256");
    const text = new CanonicalText(tree, secrets);
    for (let piece = text.next(); piece !== undefined; piece = text.next()) digest.update(piece);
    const hash = digest.digest("hex");
    remember(hash);
    return hash;
  }
  const hash = hashed(tree, secrets, generation);
  remember(hash);
  void hash.then((done) => {
    if (known.get(tree)?.hash === hash) remember(done);
  });
  return hash;
}

interface Known {
  readonly secrets: Secrets;
  /** The generation of the secrets at the time. */
  readonly generation: object;
  readonly hash: string | Promise<string>;
}

const known = new WeakMap<Table, Known>();

/** Up to this many values are hashed at once: a few milliseconds. */
const LARGE = 5_000;

async function hashed(tree: Table, secrets: Secrets, generation: object): Promise<string> {
  const budget = newBudget();
  // The caller has done some work already.
  await budget.turn();
  const digest = createHash("sha256");
  const text = new CanonicalText(tree, secrets);
  for (let piece = text.next(); piece !== undefined; piece = text.next()) {
    digest.update(piece);
    if (budget.spent()) await budget.turn();
  }
  // More has become secret meanwhile, and some of that may have been hashed.
  return secrets.generation === generation ? digest.digest("hex") : contentHash(tree, secrets);
}
