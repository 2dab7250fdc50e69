/** The text of a term in a trace: see CONVENTIONS.md, "Terms". */
import { Atom, Pid, Ref, Stack, erlang } from "@otpts/runtime";
import { a, isList } from "./term.ts";

/** Tuples that hold a list, by their first element: the index of that list. */
const LIST_IN: Readonly<Record<string, number>> = { bad_combination: 1 };
/** Modules of `{Module, Function, Arguments}`, where the arguments are a list. */
const MODULES = new Set(["gen_server", "gen_statem", "gen_event", "supervisor", "sys", "gen", "proc_lib", "erlang"]);

/** Formats terms; a process is called by the name that `nameOf` gives to it. */
export function format(term: unknown, nameOf: (pid: Pid) => string): string {
  const go = (x: unknown): string => format(x, nameOf);
  if (term instanceof Atom) return atomText(term);
  if (term instanceof Pid) return `<${nameOf(term)}>`;
  if (term instanceof Ref) return "#ref";
  if (typeof term === "function") return "FUN";
  if (term === Infinity) return "infinity";
  if (term instanceof Stack) return "STACK";
  if (Array.isArray(term)) {
    if (isList(term) || term.length === 0) return listText(term.map(go));
    return tupleText(term, go);
  }
  if (typeof term === "string") return JSON.stringify(term);
  if (term instanceof Error) return `#JavaScript ${term.stack ?? term.message}`;
  if (typeof term === "object" && term !== null) {
    if ("id" in term && ("task" in term || "start" in term)) return "CHILD";
    if (isModule(term)) return atomText(a(term.name));
    if ("via" in term && Array.isArray(term.via)) return `{via,${go(term.via[0])},${go(term.via[1])}}`;
    return `#{${Object.entries(term)
      .map(([key, value]) => `${key}=>${go(value)}`)
      .join(",")}}`;
  }
  return String(term);
}

/** A callback module is an object here, an atom in Erlang. */
function isModule(term: object): term is { name: string } {
  return "init" in term && typeof term.init === "function" && "name" in term && typeof term.name === "string";
}

function tupleText(tuple: readonly unknown[], go: (x: unknown) => string): string {
  const [tag] = tuple;
  let listAt = isGroupNews(tuple) ? 3 : -1;
  if (tag instanceof Atom) {
    if (MODULES.has(tag.name) && tuple.length === 3 && tuple[1] instanceof Atom) listAt = 2;
    else listAt = LIST_IN[tag.name] ?? -1;
    if (tag.name === "$gen_call" && Array.isArray(tuple[1])) {
      return `{'$gen_call',${fromText(tuple[1], go)},${go(tuple[2])}}`;
    }
  }
  const items = tuple.map((item, index) =>
    index === listAt && Array.isArray(item) ? listText(item.map(go)) : go(item),
  );
  return `{${items.join(",")}}`;
}

/** What pg sends to who monitors a group: `{Ref,join,Group,Pids}`. */
function isGroupNews([ref, what, , pids]: readonly unknown[]): boolean {
  return ref instanceof Ref && (what === a("join") || what === a("leave")) && Array.isArray(pids);
}

/** The tag of a call is OTP's improper list `[alias|Ref]`; here it is the reference, which knows that it is an alias. */
function fromText(from: readonly unknown[], go: (x: unknown) => string): string {
  const [pid, tag] = from;
  const isAlias = tag instanceof Ref && (tag as { alias?: boolean }).alias === true;
  return `{${go(pid)},${isAlias ? "[alias|#ref]" : go(tag)}}`;
}

function listText(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}

function atomText(term: Atom): string {
  if (term === erlang.node()) return "NODE";
  return /^[a-z][A-Za-z0-9_@]*$/.test(term.name) ? term.name : `'${term.name}'`;
}
