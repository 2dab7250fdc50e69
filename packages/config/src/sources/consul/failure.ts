import { retry_after } from "../remote/connection.ts";
import { RemoteFailure } from "../remote/failure.ts";

/** The failure for a response that is neither data nor absence. @param text the start of its body */
export function failed_status(status: number, text: string, retryAfter: string | undefined): RemoteFailure {
  const wait = retry_after(retryAfter, Date.now());
  const more = { status, retry_after: wait };
  if (status === 403) {
    return new RemoteFailure(
      "denied",
      /ACL not found/i.test(text) ? "the token is unknown to it (403)" : "permission denied (403)",
      more,
    );
  }
  if (status === 401) return new RemoteFailure("denied", "credentials are required (401)", more);
  if (status === 404)
    return new RemoteFailure(
      "no_index",
      "it answered 404 without an index: this is not Consul's key/value store",
      more,
    );
  if (status === 429) return new RemoteFailure("rate_limited", "too many requests (429)", more);
  if (status === 413) return new RemoteFailure("too_large", "the request is too large for it (413)", more);
  if (status === 400 && /HTTP request to an HTTPS server/i.test(text)) {
    return new RemoteFailure("tls", "it requires https, and the request used plain http (400)", more);
  }
  if (status === 400) return new RemoteFailure("bad_request", "it refused the request (400)", more);
  if (status >= 300 && status < 400) return new RemoteFailure("redirect", `it redirects elsewhere (${status})`, more);
  if (status >= 500) {
    return /No cluster leader/i.test(text)
      ? new RemoteFailure("no_leader", "the cluster has no leader", more)
      : new RemoteFailure("server_error", `it failed (${status})`, more);
  }
  return new RemoteFailure("http_status", `unexpected answer (${status})`, more);
}
