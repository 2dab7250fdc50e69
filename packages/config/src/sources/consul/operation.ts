/** One change of one key. It is applied only if the key's `ModifyIndex` is `index`; 0 for a key that must not exist. */
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
