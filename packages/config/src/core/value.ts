/** The values of a configuration: plain data, as in TOML and JSON. */
export type Scalar = string | number | bigint | boolean | null;

/** A value in the configuration: a scalar, a list or a table. `undefined` is absence and never a value. */
export type Value = Scalar | readonly Value[] | Table;

/** An inner node: own, enumerable string keys only. No key is ever `__proto__`. */
export interface Table {
  readonly [key: string]: Value;
}

/** A parsed path: `"queuemizer.tc_rules.enp4s0\\.100"` is `["queuemizer", "tc_rules", "enp4s0.100"]`. */
export type Segments = readonly string[];
