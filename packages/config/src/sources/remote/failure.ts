import { ConfigSourceError } from "../../errors.ts";
import { SyntaxFault } from "../../formats/format.ts";

/**
 * A failure at a remote place. Its message contains neither a token nor a value.
 *
 * A client's own errors are never passed on, not even as `cause`: they carry the request, and with it the token.
 */
export class RemoteFailure extends Error {
  override readonly name = "RemoteFailure";
  /**
   * A code for programs: `unreachable`, `timeout`, `tls`, `truncated`, `too_large`, `redirect`, `bad_request`, `denied`,
   * `rate_limited`, `server_error`, `http_status`, `stopped`, or a source's own.
   */
  readonly code: string;
  /** HTTP status, if there was a response. */
  readonly status: number | undefined;
  /** Milliseconds that the server asked to wait. */
  readonly retry_after: number | undefined;

  /**
   * @param code a code for programs
   * @param message the end of a sentence that begins "Cannot read …:". It is shown, and must contain no secret
   * @param more `retry_after`: milliseconds during which the place must not be asked again
   */
  constructor(code: string, message: string, more: { status?: number; retry_after?: number | undefined } = {}) {
    super(message);
    this.code = code;
    this.status = more.status;
    this.retry_after = more.retry_after;
  }
}

/** Whether the message of an error may be shown: it is a RemoteFailure, or a fault in a document. */
export function tellable(error: unknown): error is RemoteFailure | SyntaxFault {
  return error instanceof RemoteFailure || error instanceof SyntaxFault;
}

/** The error for the manager: the failed operation, and the reason. */
export function source_error(source: string, action: string, error: unknown): ConfigSourceError {
  if (!tellable(error)) {
    return new ConfigSourceError(`${action}: an unexpected error in the source`, {
      source,
      code: "internal",
      cause: error,
    });
  }
  const { code, message } = error;
  const position = error instanceof SyntaxFault ? error.position : undefined;
  if (position === undefined) return new ConfigSourceError(`${action}: ${message}`, { source, code });
  const { line, column } = position;
  return new ConfigSourceError(`${action}: ${message} (line ${line}, column ${column})`, {
    source,
    code,
    line,
    column,
  });
}
