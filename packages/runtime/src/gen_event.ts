export * as gen_event from "./gen_event/api.ts";
/** Event managers, OTP's `gen_event`: `import { gen_event, OK, REMOVE_HANDLER } from "@otpts/runtime/gen_event"`. */
declare module "./gen_event/api.ts" {}
export {
  ERROR,
  GEN_EVENT_EXIT,
  HIBERNATE,
  OK,
  REMOVE_HANDLER,
  STOP,
  SWAP_HANDLER,
  SWAPPED,
} from "./gen_event/atoms.ts";
