import fc from "fast-check";
import { admit } from "../../src/core/plain.ts";
import type { Table, Value } from "../../src/core/value.ts";

/** Keys that meet each other often, and those that have hurt others. */
export const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "c", "d") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("constructor", "hasOwnProperty", "toString", "prototype", "a.b", "x\\y", "0", " "),
  },
);

export const scalar = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom<Value>("x", "", null, true, false, -0, 0, 1.5, "NUL\u0000"),
);

const { tree, value } = fc.letrec<{ tree: Record<string, Value>; value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    tie("tree"),
  ),
  tree: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));

/** Any plain value. */
export const anyValue: fc.Arbitrary<Value> = value;
/** Any plain tree, frozen. */
export const anyTree: fc.Arbitrary<Table> = tree.map(plain);

/** A literal as the core wants it: copied and frozen. */
export function plain(literal: unknown): Table {
  return admit(literal, undefined, { strict: true }) as Table;
}

const denseTable = (depth: number): fc.Arbitrary<object> => {
  const below = fc.oneof(
    fc.constantFrom<unknown>(1, "", null, [], ["x"]),
    ...(depth === 0 ? [] : [denseTable(depth - 1), denseTable(depth - 1)]),
  );
  return fc.record({ a: below, b: below, 0: below }, { requiredKeys: [] });
};

/** Trees of few keys, which often have a table where another one has a scalar or a list. */
export const denseTree: fc.Arbitrary<Table> = denseTable(2).map(plain);
