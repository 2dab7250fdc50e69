import type { Segments, Value } from "../core/value.ts";
import type { ConfigSpec } from "../spec.ts";

/** Whether a default or an example at a path may be shown: it is not a secret and contains none, such as a password in a URL. */
export function isShowable(spec: ConfigSpec, path: Segments, value: unknown): boolean {
  return value === undefined || spec.secrets.redact(path, value as Value) === value;
}

/** The examples of a path that may be shown. @param examples the schema's keyword */
export function showableOf(spec: ConfigSpec, path: Segments, examples: unknown): readonly unknown[] {
  return Array.isArray(examples) ? (examples as unknown[]).filter((one) => isShowable(spec, path, one)) : [];
}
