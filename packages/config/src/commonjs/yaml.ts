/** The package `yaml`, also in a bundle (`require.ts`). */
export type { Alias, Node, Scalar, YAMLMap } from "yaml";
export { isAlias, isMap, isScalar, isSeq, parseDocument, stringify } from "./yaml_package.ts";
import "./yaml_after.ts";
