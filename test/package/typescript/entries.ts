/** A module of a library that imports entries beside the main one, and exports what their functions return. */
import { application } from "@otpts/runtime/application";
import { gen_event } from "@otpts/runtime/gen_event";
import { observer } from "@otpts/runtime/observer";
import { pg } from "@otpts/runtime/pg";
import { registry } from "@otpts/runtime/registry";
import { task, task_supervisor } from "@otpts/runtime/task";
import { testing } from "@otpts/runtime/testing";

export const applications = application.which_applications();
export const current = application.get_application();
export const manager = () => gen_event.start_monitor();
export const overview = observer.overview();
export const members = pg.get_members("group");
export const sessions = registry.child_spec({ name: "sessions", keys: "unique" });
export const found = registry.lookup("sessions", 7);
export const working = () => task.async(async () => 7);
export const tasks = task_supervisor.child_spec({ name: "tasks" });
export const death = testing.death;
