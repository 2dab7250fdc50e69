/** One change to one key. `index` is the key's `ModifyIndex` that must still hold; 0 for a key that must not exist. */
export interface Operation {
  readonly verb: "set" | "delete";
  readonly key: string;
  readonly value?: Buffer;
  readonly index: number;
}

/** The body of a transaction. */
export function transaction_body(changes: readonly Operation[]): readonly object[] {
  return changes.map(({ verb, key, value, index }) =>
    verb === "set"
      ? { KV: { Verb: "cas", Key: key, Value: (value ?? Buffer.alloc(0)).toString("base64"), Index: index } }
      : { KV: { Verb: "delete-cas", Key: key, Index: index } },
  );
}
