/** All additional scenarios, by id. */
export * from "./gen_event.ts";
export * from "./gen_server_call.ts";
export * from "./gen_server_messages.ts";
export * from "./gen_server_start.ts";
export * from "./gen_server_undef.ts";
export * from "./proc_lib.ts";
export * from "./process.ts";
export * from "./process_groups.ts";
export * from "./supervisor_restart.ts";
export * from "./supervisor_start.ts";
export * from "./supervisor_stop.ts";
export * from "./sys.ts";
