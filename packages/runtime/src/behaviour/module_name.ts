/** The name of a callback module, which may be a class, an instance, an object with a name, or any object. */
import { read } from "../term/guarded.ts";

const SHOWN = 8;

/** A callback module in readable form: its name, or a description. Never throws. */
export function nameOfModule(module: object): string {
  const behaviour = read(module, "behaviour");
  // A module that is itself a behaviour has its callback module elsewhere.
  if (typeof behaviour === "string") return `the ${behaviour}`;
  const name = nameIn(module);
  if (name !== undefined) return name;
  const callbacks = callbacksOf(module);
  if (callbacks.length === 0) return withoutFunctions(module);
  const more = callbacks.length > SHOWN ? ", …" : "";
  return `the module { ${callbacks.slice(0, SHOWN).join(", ")}${more} }`;
}

function withoutFunctions(module: object): string {
  let keys: readonly string[] = [];
  try {
    keys = Object.keys(module);
  } catch {
    // A proxy that throws on inspection.
  }
  if (keys.length === 0) return "the empty module {}";
  return `the module { ${keys.slice(0, SHOWN).join(", ")}${keys.length > SHOWN ? ", …" : ""} } without functions`;
}

/** A module's own name, if it has one: `name`, or the name of its class. */
export function nameIn(module: object): string | undefined {
  const name = read(module, "name");
  if (typeof name === "string" && name !== "") return name.slice(0, 100);
  const type = read(module, "constructor");
  if (typeof type !== "function" || type === Object) return undefined;
  const typeName = read(type, "name");
  return typeof typeName === "string" && typeName !== "" ? typeName.slice(0, 100) : undefined;
}

/** What a dead process keeps of its callback module, for reports. */
interface Remains {
  readonly behaviour?: string;
  readonly name?: string;
}

const NAMELESS: Remains = {};

/** What a dead process keeps of its callback module, which may hold resources as a state does. Never throws. */
export function remainsOf(module: object): Remains {
  const behaviour = read(module, "behaviour");
  if (typeof behaviour === "string") return { behaviour };
  const name = nameIn(module);
  return name === undefined ? NAMELESS : { name };
}

/** The names of a module's functions, its own and its class's. */
export function callbacksOf(module: object): readonly string[] {
  const names = new Set<string>();
  try {
    let holder: object | null = module;
    for (let level = 0; holder !== null && holder !== Object.prototype && level < 5; level++) {
      for (const name of Object.getOwnPropertyNames(holder).slice(0, 100)) {
        if (name !== "constructor" && typeof Object.getOwnPropertyDescriptor(holder, name)?.value === "function")
          names.add(name);
      }
      holder = Object.getPrototypeOf(holder) as object | null;
    }
  } catch {
    // A proxy that throws on inspection.
  }
  return [...names];
}
