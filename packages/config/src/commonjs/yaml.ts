/** The package `yaml`, also in a bundle (`require.ts`). */
export type { Alias, CST, Document, Node, Scalar, YAMLMap } from "yaml";
export { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, stringify } from "./yaml_package.ts";
import "./yaml_after.ts";
