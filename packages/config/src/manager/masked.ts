import type { gen_server } from "@otpts/runtime";
import { MERGE_CONFIG, PUT_CONFIG, SOURCE_UPDATE } from "../atoms.ts";
import { REDACTED } from "../core/secrets.ts";
import { EVENT, type EventMessage, isTagged, tagOf } from "./messages.ts";
import { scrub } from "./scrub.ts";
import type { State } from "./state.ts";
import { statusAtOnce } from "./status.ts";
import { asError } from "./thrown.ts";

/** The status for crash reports and `sys.get_status`, without values of the configuration or of requests. */
export function masked(status: gen_server.Status): gen_server.Status {
  const { message, reason, log } = status;
  const state = (status.state as { readonly state?: State } | undefined)?.state;
  const shown = (term: unknown): unknown => shownTerm(state, term, 0);
  return {
    ...("state" in status ? { state: state === undefined ? "no state yet" : statusAtOnce(state) } : {}),
    ...("message" in status ? { message: shown(message) } : {}),
    ...("reason" in status ? { reason: shown(reason) } : {}),
    ...(log === undefined ? {} : { log: log.map(() => "an event") }),
  };
}

function shownTerm(state: State | undefined, term: unknown, depth: number): unknown {
  if (typeof term === "string") return state === undefined ? REDACTED : scrub(state, term);
  if (isTagged<EventMessage>(term, EVENT)) return ["event", term[1]?.type];
  const tag = tagOf(term);
  if (tag !== undefined && depth < DEEPEST) {
    const elements = term as readonly unknown[];
    if (tag === PUT_CONFIG || tag === MERGE_CONFIG || tag === SOURCE_UPDATE) return [tag, elements[1], REDACTED];
    return elements.map((element) => shownTerm(state, element, depth + 1));
  }
  const error = asError(term);
  if (error === term && state !== undefined) return `${error.name}: ${scrub(state, error.message)}`;
  return term;
}

const DEEPEST = 8;
