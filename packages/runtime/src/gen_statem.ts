export * as gen_statem from "./gen_statem/api.ts";
/** State machines, OTP's `gen_statem`: `import { gen_statem, NEXT_STATE, OK } from "@otpts/runtime/gen_statem"`. */
declare module "./gen_statem/api.ts" {}
export {
  ABS,
  CALL,
  CANCEL,
  CAST,
  CHANGE_CALLBACK_MODULE,
  CLEAN_TIMEOUT,
  DIRTY_TIMEOUT,
  ENTER,
  HANDLE_EVENT_FUNCTION,
  HIBERNATE,
  IGNORE,
  INFINITY,
  INFO,
  INTERNAL,
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_EVENT,
  NEXT_STATE,
  OK,
  POP_CALLBACK_MODULE,
  POSTPONE,
  PUSH_CALLBACK_MODULE,
  REPEAT_STATE,
  REPEAT_STATE_AND_DATA,
  REPLY,
  STATE_ENTER,
  STATE_FUNCTIONS,
  STATE_TIMEOUT,
  STOP,
  STOP_AND_REPLY,
  TIMEOUT,
  UPDATE,
} from "./gen_statem/atoms.ts";
export type { Common, ServedBy, Understanding } from "./gen_statem/types.ts";
export type { CollectedResponse } from "./behaviour/send_request.ts";
