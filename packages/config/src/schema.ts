/**
 * Documents generated from a specification alone, a separate entry: the JSON Schema of its files, a table of all
 * settings, and example files. Nothing is loaded, and no manager is needed.
 */
export { example, type ExampleFormat, type ExampleOptions } from "./schema/example.ts";
export {
  json_schema,
  type JsonSchema,
  type JsonSchemaOptions,
  type JsonSchemaTarget,
  type ReadOptions,
} from "./schema/json_schema.ts";
export { markdown } from "./schema/markdown.ts";
export { type Setting, settings } from "./schema/settings.ts";
