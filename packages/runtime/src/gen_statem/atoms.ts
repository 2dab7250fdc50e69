/** The atoms of OTP's gen_statem, by the names this package exports them under. */
import { ensure } from "../term/atom.ts";

export { CALL, HIBERNATE, IGNORE, INFINITY, INFO, NORMAL, OK, REPLY, STOP, TIMEOUT } from "../term/atoms.ts";

export const GEN_STATEM = ensure("gen_statem");

// Callback modes.
/** The callback mode with one function for each state. */
export const STATE_FUNCTIONS = ensure("state_functions");
/** The callback mode with one function, `handle_event`, for all events, and any terms as states. */
export const HANDLE_EVENT_FUNCTION = ensure("handle_event_function");
/** With this in `callback_mode`, a state is called with type `ENTER` whenever it is entered. */
export const STATE_ENTER = ensure("state_enter");

// Types of events.
/** `cast`: the type of an event that is a cast. */
export const CAST = ensure("cast");
/** `internal`: the type of an event that the machine inserts itself, with `NEXT_EVENT`. */
export const INTERNAL = ensure("internal");
/** `[STATE_TIMEOUT, ms, content]`: a time-out that ends with the state, and the type of its event. */
export const STATE_TIMEOUT = ensure("state_timeout");
/** `enter`: the type of the call when a state is entered. Its content is the old state. */
export const ENTER = ensure("enter");

// Results.
/** `[NEXT_STATE, state, data, actions?]` changes to a state. */
export const NEXT_STATE = ensure("next_state");
/** `[KEEP_STATE, data, actions?]` stays in the state. */
export const KEEP_STATE = ensure("keep_state");
/** Stays in the state with the same data; `[KEEP_STATE_AND_DATA, actions]` with actions. */
export const KEEP_STATE_AND_DATA = ensure("keep_state_and_data");
/** `[REPEAT_STATE, data, actions?]` stays in the state, and enters it again. */
export const REPEAT_STATE = ensure("repeat_state");
/** Stays in the state with the same data, and enters it again. */
export const REPEAT_STATE_AND_DATA = ensure("repeat_state_and_data");
/** `[STOP_AND_REPLY, reason, replies, data?]` ends the machine after these replies. */
export const STOP_AND_REPLY = ensure("stop_and_reply");

// Actions.
/** An action: keeps the event back until the state changes. */
export const POSTPONE = ensure("postpone");
/** `[NEXT_EVENT, type, content]`, an action: inserts an event before all waiting ones. */
export const NEXT_EVENT = ensure("next_event");
/** `[kind, CANCEL]`, an action: cancels a time-out. */
export const CANCEL = ensure("cancel");
/** `[kind, UPDATE, content]`, an action: changes the content of a time-out. */
export const UPDATE = ensure("update");
/** `[ABS, true]`, an option of a time-out: its time is a point in time, and not a duration. */
export const ABS = ensure("abs");
/** `[CHANGE_CALLBACK_MODULE, module]`, an action: goes on with another module. */
export const CHANGE_CALLBACK_MODULE = ensure("change_callback_module");
/** `[PUSH_CALLBACK_MODULE, module]`, an action: goes on with another module until `POP_CALLBACK_MODULE`. */
export const PUSH_CALLBACK_MODULE = ensure("push_callback_module");
/** An action: goes back to the module before `PUSH_CALLBACK_MODULE`. */
export const POP_CALLBACK_MODULE = ensure("pop_callback_module");

// Time-outs of a call.
/** `[CLEAN_TIMEOUT, ms]`, the time-out of a call after which no late reply arrives. */
export const CLEAN_TIMEOUT = ensure("clean_timeout");
/** `[DIRTY_TIMEOUT, ms]`, the time-out of a call after which a late reply may arrive. */
export const DIRTY_TIMEOUT = ensure("dirty_timeout");

// Errors.
export const BAD_RETURN_FROM_INIT = ensure("bad_return_from_init");
export const BAD_RETURN_FROM_CALLBACK_MODE = ensure("bad_return_from_callback_mode");
export const BAD_RETURN = ensure("bad_return_from_state_function");
export const BAD_ACTION = ensure("bad_action_from_state_function");
export const BAD_REPLY_ACTION = ensure("bad_reply_action_from_state_function");
export const BAD_ENTER_RETURN = ensure("bad_state_enter_return_from_state_function");
export const BAD_ENTER_ACTION = ensure("bad_state_enter_action_from_state_function");
