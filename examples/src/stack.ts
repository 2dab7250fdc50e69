/** A stack as a gen_server: the smallest server that keeps a state. */
import { type Atom, atom, erlang, gen_server, NOREPLY, OK, type Pid, REPLY, STOP, NORMAL } from "@otpts/runtime";

const PUSH = atom.ensure("push");
const POP = atom.ensure("pop");
const EMPTY = atom.ensure("empty");

type Item = string;
type Call = typeof POP;
type Cast = readonly [Atom<"push">, Item];

const stack = {
  init: (items: readonly Item[]) => [OK, items] as const,

  handle_call(request: Call, _from: gen_server.From, items: readonly Item[]) {
    if (request !== POP) return [STOP, [atom.ensure("unknown_request"), request], items] as const;
    const [top, ...rest] = items;
    return [REPLY, top ?? EMPTY, rest] as const;
  },

  handle_cast([tag, item]: Cast, items: readonly Item[]) {
    return tag === PUSH ? ([NOREPLY, [item, ...items]] as const) : ([NOREPLY, items] as const);
  },

  terminate(reason: unknown, items: readonly Item[]) {
    console.log(`the stack stops (${String(reason)}) with ${items.length} item left`);
  },
};

const pid: Pid = await gen_server.start(stack, ["hello"]);
console.log("pop:", await gen_server.call(pid, POP));
gen_server.cast(pid, [PUSH, "world"]);
gen_server.cast(pid, [PUSH, "again"]);
console.log("pop:", await gen_server.call(pid, POP));
await gen_server.stop(pid, NORMAL);
console.log("alive:", erlang.is_process_alive(pid));

try {
  await gen_server.call(pid, POP);
} catch (error) {
  console.log("a call to the dead:", (error as Error).message.replace(String(pid), "<pid>"));
}
