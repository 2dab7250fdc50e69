import { erlang } from "@otpts/runtime";

/**
 * The same server, but it traps exits and reports its end, so that the demo can show the order in which the tree stops.
 */
export function withFarewell<M extends { init(arg: never): unknown }>(
  module: M,
  name: string,
  ended: (name: string) => void,
) {
  return {
    ...module,
    init(arg: Parameters<M["init"]>[0]) {
      erlang.process_flag("trap_exit", true);
      return module.init(arg) as ReturnType<M["init"]>;
    },
    terminate: () => ended(name),
  };
}
