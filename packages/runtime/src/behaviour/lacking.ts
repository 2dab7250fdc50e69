/** Callbacks that cannot be called: they are missing, misspelt, or not functions. */
import { UNDEF } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { read } from "../term/guarded.ts";
import { nearest } from "../term/options.ts";
import { callbacksOf, nameOfModule } from "./module_name.ts";

/**
 * The error for a callback that cannot be called: OTP's `undef`.
 *
 * @param what what the module cannot do without it: `cannot be started`
 * @param known the names of all callbacks, none of which is a misspelt other one
 */
export function uncallable(module: object, callback: string, what: string, known: ReadonlySet<string>): ErlangError {
  const there: unknown = read(module, callback);
  const why =
    there === undefined ? `it has no ${callback}` : `its ${callback} must be a function, and is ${describe(there)}`;
  const like = there === undefined ? meant(module, callback, known) : undefined;
  const error = new ErlangError(
    UNDEF,
    `${nameOfModule(module)} ${what}: ${why}${like === undefined ? "" : `; ${like}`}`,
  );
  // It is raised in this package, so its stack is of no use.
  Object.defineProperty(error, "stack", {
    value: `${error.name}: ${error.message}`,
    configurable: true,
    writable: true,
  });
  return error;
}

function meant(module: object, callback: string, known: ReadonlySet<string>): string | undefined {
  const inner: unknown = read(module, "default");
  if (typeof inner === "object" && inner !== null && typeof read(inner, callback) === "function")
    return "is its default export meant?";
  const like = nearest(
    callback,
    callbacksOf(module).filter((name) => !known.has(name)),
  );
  return like === undefined ? undefined : `is its ${like} meant to be ${callback}?`;
}

/** Calls a module's terminate. */
export function callTerminate(module: object, ...args: readonly unknown[]): unknown {
  const { terminate } = module as { readonly terminate: unknown };
  if (typeof terminate !== "function") throw uncallable(module, "terminate", "cannot end in order", NONE);
  return (terminate as (...given: readonly unknown[]) => unknown).call(module, ...args);
}

const NONE: ReadonlySet<string> = new Set();

/** A hint about a callback module that is a class or a promise. It begins with a semicolon. Empty if there is none. */
export function noModule(module: unknown): string {
  if (typeof module === "function")
    return typeof read(module, "init") === "function" ? "" : "; a class is given as an instance (new …)";
  return module instanceof Promise ? "; it is a promise: await it first" : "";
}
