/** A source could not be loaded. The message has the place, never the content. */
export class ConfigSourceError extends Error {
  override readonly name = "ConfigSourceError";
  readonly source: string;
  readonly file: string | undefined;
  /** 1-based. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** A code for programs: `syntax`, `unreadable`, `not_utf8`, `too_large`, `unreachable`, `denied`, `unresolved`, … */
  readonly code: string;

  constructor(
    message: string,
    place: { source: string; code: string; file?: string; line?: number; column?: number; cause?: unknown },
  ) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.source = place.source;
    this.code = place.code;
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
  }
}

/** A problem with a value. */
export interface Problem {
  /** Dotted path; empty for the whole configuration. */
  readonly path: string;
  /** A description of the problem; secret values are never quoted. */
  readonly message: string;
  /** The origin of the value as text: `file:config.toml:3`, `env:MYAPP_PORT`, `put`. */
  readonly origin?: string;
  /** Name of the source that the value came from, as in `status`; absent for values put at run time. */
  readonly source?: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  /** Name of the environment variable. */
  readonly variable?: string;
  /** Key in Consul's key/value store. */
  readonly key?: string;
}

/** A put or a reload was refused; nothing has changed. */
export class ConfigValidationError extends Error {
  override readonly name = "ConfigValidationError";
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
  }
}

/** A put was based on another version than the current one; nothing has changed. */
export class ConfigConflictError extends Error {
  override readonly name = "ConfigConflictError";
  /** The version that the put was based on. */
  readonly expected: number;
  /** The current version. */
  readonly current: number;

  constructor(message: string, expected: number, current: number) {
    super(message);
    this.expected = expected;
    this.current = current;
  }
}
