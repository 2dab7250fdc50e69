export {
  CONFIG_CHANGED,
  config_path_atom,
  DIFF,
  EXPLAIN,
  GET_CONFIG,
  HISTORY,
  MERGE_CONFIG,
  path_from_atom,
  PUT_CONFIG,
  RELOAD,
  ROLLBACK,
  SOURCE_UPDATE,
  STATUS,
  SUBSCRIBE,
  UNSET_CONFIG,
  UNSUBSCRIBE,
} from "./atoms.ts";
export { Config, ConfigClient, type ConfigRef, type InputOf, type TreeOf } from "./config.ts";
export type { Contribution as ExplainedContribution, Explanation } from "./core/explain.ts";
export type { Contribution, Diagnostic, Knowledge, Layer, Origin } from "./core/layer.ts";
export type { Shape, ShapeType } from "./core/shape.ts";
export type { Snapshot } from "./core/snapshot.ts";
export type { Validator } from "./core/validator.ts";
export type { Scalar, Segments, Table, Value } from "./core/value.ts";
export { ConfigConflictError, ConfigSourceError, ConfigValidationError, type Problem } from "./errors.ts";
export type {
  Cause,
  ChangeCallback,
  ChangeContext,
  ChangedValue,
  ConfigCalls,
  ConfigCasts,
  ConfigManagerProtocol,
  HistoryEntry,
  Path,
  Preview,
  PutOptions,
  Refusal,
  ReloadReport,
  SourceOutcome,
  SubscribeOptions,
  Subscriber,
} from "./protocol.ts";
export { type ConsulOptions, ConsulSource, type ConsulStatus, type ConsulTls } from "./sources/consul.ts";
export { EnvironmentSource } from "./sources/env.ts";
export { FileSource } from "./sources/file.ts";
export type { FamilyOptions } from "./sources/file_family.ts";
export { RuntimeSource } from "./sources/runtime.ts";
export { TemplateSource } from "./sources/template.ts";
export type { Loaded, OverridesFile, Source, SourceContext, Watch } from "./sources/source.ts";
export { ConfigManager } from "./manager/tree.ts";
export { ConfigSpec, type ConfigSpecOptions } from "./spec.ts";
export type { ConfigStatus, SourceStatus } from "./status.ts";

export type {
  PathsOf,
  PatternsOf,
  RegisteredConfig,
  RegisteredInput,
  RegisteredTree,
  ValueAt,
  ValueMatching,
} from "./typed_path.ts";
export type { Seconds } from "./units.ts";
