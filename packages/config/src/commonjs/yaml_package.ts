import "./yaml_before.ts";
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, stringify } from "yaml";

export { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, stringify };
