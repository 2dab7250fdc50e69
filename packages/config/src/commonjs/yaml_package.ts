import "./yaml_before.ts";
import { isAlias, isMap, isScalar, isSeq, parseDocument, stringify } from "yaml";

export { isAlias, isMap, isScalar, isSeq, parseDocument, stringify };
