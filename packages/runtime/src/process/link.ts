/** The set of a process's links. Most processes have one link (to the parent), which is kept without a set. */
import type { Pid } from "../term/pid.ts";
import type { Process } from "./process.ts";

export function addLink(process: Process, to: Pid): void {
  const { links } = process;
  if (links === undefined) process.links = to;
  else if (links instanceof Set) links.add(to);
  else if (links !== to) process.links = new Set([links, to]);
}

/** Removes a link on one side. True if there was one. */
export function dropLink(process: Process, to: Pid): boolean {
  const { links } = process;
  if (links instanceof Set) return links.delete(to);
  if (links !== to || links === undefined) return false;
  process.links = undefined;
  return true;
}

/** Whether the process is linked to another. */
export function isLinked({ links }: Process, to: Pid): boolean {
  return links instanceof Set ? links.has(to) : links === to;
}

export function linksOf(process: Process): Pid[] {
  const { links } = process;
  if (links === undefined) return [];
  return links instanceof Set ? [...links] : [links];
}
