import { compared, type Side, sideOf, sideOfFile } from "../comparison.ts";
import { differenceLines } from "../differences.ts";
import { Failure } from "../failure.ts";
import { warn } from "../findings.ts";
import type { Session } from "../session.ts";
import { isModule, loadSpec } from "../spec_module.ts";

/** Options of `diff`. */
export interface DiffOptions {
  readonly otherSpec?: string;
}

/**
 * Lists the differences from another specification, a file or a version.
 *
 * @returns the exit code: 0 if there are none, else 1
 */
export async function diff(
  session: Session,
  from: string,
  to: string | undefined,
  options: DiffOptions,
): Promise<number> {
  const subject = await session.subject();
  const isVersion = /^\d+$/u.test(from);
  if (!isVersion && to !== undefined)
    throw new Failure(`Cannot compare with "${to}": only versions are compared with each other`, 2);
  if (to !== undefined && !/^\d+$/u.test(to))
    throw new Failure(`Cannot compare with "${to}": a version is a whole number`, 2);
  const changes = isVersion
    ? await subject.difference(Number(from), to === undefined ? undefined : Number(to))
    : await compared(await other(session, from, options), await subject.side());
  if (session.json) session.printJson(changes);
  else if (changes.length === 0) session.out.print(session.out.paint.dim("no difference"));
  else session.out.print(...differenceLines(changes, session.out));
  return changes.length === 0 ? 0 : 1;
}

async function other(session: Session, file: string, { otherSpec }: DiffOptions): Promise<Side> {
  if (!isModule(file)) return sideOfFile(file);
  const { state, verdict } = await session.loaded(await loadSpec({ module: file, spec: otherSpec }));
  warn(verdict, session.err);
  return sideOf(state);
}
