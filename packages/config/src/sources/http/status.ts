import { RemoteFailure } from "../remote/failure.ts";
import { retry_after } from "../remote/connection.ts";

/** Explains a status that is neither data nor absence. @param retryAfter the header `Retry-After` */
export function failed_http_status(status: number, retryAfter: string | undefined): RemoteFailure {
  const more = { status, retry_after: retry_after(retryAfter, Date.now()) };
  if (status === 401) return new RemoteFailure("denied", "credentials are required (401)", more);
  if (status === 403) return new RemoteFailure("denied", "permission denied (403)", more);
  if (status === 407) return new RemoteFailure("denied", "a proxy requires credentials (407)", more);
  if (status === 429) return new RemoteFailure("rate_limited", "too many requests (429)", more);
  if (status === 400) return new RemoteFailure("bad_request", "it refused the request (400)", more);
  if (status === 304)
    return new RemoteFailure("http_status", "it reports no change (304) to a request without a condition", more);
  if (status >= 300 && status < 400) return new RemoteFailure("redirect", `it redirects nowhere (${status})`, more);
  if (status >= 500) return new RemoteFailure("server_error", `it failed (${status})`, more);
  return new RemoteFailure("http_status", `unexpected answer (${status})`, more);
}
