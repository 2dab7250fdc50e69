/** The registry of CONVENTIONS.md for `{via,vreg,Name}` names. The reference is erlang/lib/vreg.erl. */
import { erlang, Exit, atoms } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { fmt, log } from "./oracle.ts";
import { a } from "./term.ts";

const { BADARG } = atoms;

/** A registry whose functions log their calls, or do not. */
export function vreg(logging = false) {
  const table = new Map<string, Pid>();
  const note = (text: () => string) => void (logging && log(`vreg ${text()}`));
  const find = (name: unknown): Pid | undefined => {
    const pid = table.get(fmt(name));
    return pid !== undefined && erlang.is_process_alive(pid) ? pid : undefined;
  };
  return {
    name: "vreg",
    init: () => undefined,
    register_name(name: unknown, pid: Pid) {
      const free = find(name) === undefined;
      if (free) table.set(fmt(name), pid);
      note(() => `register_name ${fmt(name)} ${fmt(pid)} -> ${free ? "yes" : "no"}`);
      return a(free ? "yes" : "no");
    },
    unregister_name(name: unknown) {
      table.delete(fmt(name));
      note(() => `unregister_name ${fmt(name)}`);
    },
    whereis_name(name: unknown) {
      const pid = find(name);
      note(() => `whereis_name ${fmt(name)} -> ${fmt(pid)}`);
      return pid;
    },
    send(name: unknown, message: unknown) {
      const pid = find(name);
      if (pid === undefined) {
        note(() => `send ${fmt(name)} -> badarg`);
        throw new Exit([BADARG, [name, message]]);
      }
      note(() => `send ${fmt(name)}`);
      erlang.send(pid, message);
      return pid;
    },
  };
}
