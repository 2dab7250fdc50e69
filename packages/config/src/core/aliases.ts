import { isIndex } from "./draft.ts";
import type { Knowledge } from "./layer.ts";
import { formatPath, isWithin, parsePath } from "./path.ts";
import type { Shape } from "./shape.ts";
import type { Segments } from "./value.ts";

/**
 * Old names of settings: a value under an old name counts under the new one. `*` is one segment, and the first `*` of
 * the old path corresponds to the first one of the new.
 *
 *     { "db": "database", "limits.*.speed": "limits.*.rate" }
 *     db.url          →  database.url
 *     limits.a.speed  →  limits.a.rate
 *
 * Renames are followed to the end: a new name may itself be an old one.
 */
export class Aliases {
  static readonly none = new Aliases({});

  readonly list: readonly Alias[];

  /** @throws TypeError if an alias is invalid or leads to itself, or if aliases lead in a circle */
  constructor(given: unknown) {
    const action = "Cannot make a ConfigSpec: aliases";
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw new TypeError(`${action} must be an object from old paths to new ones`);
    }
    const list = Object.entries(given).map(([old, fresh]): Alias => {
      const alias = { old: parsePath(old, "read aliases"), fresh: parsePath(fresh, `read the alias of "${old}"`) };
      checkAlias(alias, action);
      return alias;
    });
    this.list = list.map(({ old, fresh }) => {
      const end = followed(fresh, list);
      if (end === undefined) throw new TypeError(`${action} lead in a circle: "${formatPath(old)}" has no new name`);
      const alias = { old, fresh: end };
      checkAlias(alias, action);
      return alias;
    });
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /** The path with its new name; the same array if it has none. */
  rename(path: Segments): Segments {
    return this.list.length === 0 ? path : (followed(path, this.list) ?? path);
  }

  /** A pattern that begins with an old path, with its new name. A pattern with braces or classes is unchanged. */
  renamePattern(pattern: string | Segments): string | Segments {
    if (this.list.length === 0) return pattern;
    if (typeof pattern !== "string") return this.rename(pattern);
    if (/[{}[\]?]|\\[^.\\]/.test(pattern)) return pattern;
    let segments: Segments;
    try {
      segments = parsePath(pattern);
    } catch {
      return pattern;
    }
    const renamed = this.rename(segments);
    return renamed === segments ? pattern : formatPath(renamed);
  }

  /** The known paths including the old names, which a variable may have. */
  knowing(knowledge: Knowledge): Knowledge {
    if (this.list.length === 0) return knowledge;
    return {
      ...knowledge,
      paths: (folded) => {
        const found = knowledge.paths(folded);
        const current = found.filter((path) => this.rename(path) === path);
        return current.length > 0 ? current : found;
      },
      expected: (path) => knowledge.expected(this.rename(path)),
      over: (tree) => this.knowing(knowledge.over(tree)),
    };
  }

  /** A shape with the old names added. */
  over(shape: Shape | undefined): Shape | undefined {
    let made = shape;
    for (const { old, fresh } of this.list) {
      made = withChild(made ?? NOTHING, old, shape === undefined ? NOTHING : (shapeOfPath(shape, fresh) ?? NOTHING));
    }
    return made;
  }
}

/** An old path and its new one. */
export interface Alias {
  readonly old: Segments;
  readonly fresh: Segments;
}

const NOTHING: Shape = { children: new Map() };

function checkAlias({ old, fresh }: Alias, action: string): void {
  const shown = `"${formatPath(old)}": "${formatPath(fresh)}"`;
  if (old.length === 0 || fresh.length === 0)
    throw new TypeError(`${action}: ${shown} must name something below the root`);
  if (isWithin(old, fresh) || isWithin(fresh, old)) {
    throw new TypeError(`${action}: ${shown} must not lead to itself, above itself or below itself`);
  }
  if (starsIn(old) !== starsIn(fresh)) {
    throw new TypeError(`${action}: ${shown} must have as many "*" on both sides`);
  }
}

function starsIn(path: Segments): number {
  return path.filter((segment) => segment === "*").length;
}

/** The final path of a path; undefined if it leads in a circle. */
function followed(path: Segments, list: readonly Alias[]): Segments | undefined {
  let at = path;
  for (let steps = 0; steps <= list.length; steps++) {
    const alias = list.find(({ old }) => isBelow(at, old));
    if (alias === undefined) return at;
    at = renamedBy(alias, at);
  }
  return undefined;
}

function isBelow(path: Segments, old: Segments): boolean {
  return path.length >= old.length && old.every((segment, i) => segment === "*" || segment === path[i]);
}

/** The new path of a path at or below an old one. */
export function renamedBy({ old, fresh }: Alias, path: Segments): Segments {
  const stars = old.flatMap((segment, i) => (segment === "*" ? [path[i]!] : []));
  let next = 0;
  const named = fresh.map((segment) => (segment === "*" ? stars[next++]! : segment));
  return [...named, ...path.slice(old.length)];
}

function shapeOfPath(shape: Shape, path: Segments): Shape | undefined {
  let at: Shape | undefined = shape;
  for (const segment of path) {
    at = at?.children.get(segment) ?? at?.rest ?? (isIndex(segment) || segment === "*" ? at?.items : undefined);
  }
  return at;
}

/** Whether a shape has a path by name, or as a record's key. */
export function knows(shape: Shape | undefined, path: Segments): boolean {
  return shape !== undefined && shapeOfPath(shape, path) !== undefined;
}

function withChild(shape: Shape, path: Segments, child: Shape): Shape {
  const [key, ...rest] = path as [string, ...string[]];
  const deeper = (at: Shape | undefined): Shape => (rest.length === 0 ? child : withChild(at ?? NOTHING, rest, child));
  if (key === "*") {
    // Inside a list nothing has a name by which a variable could set it.
    return shape.items !== undefined ? shape : { ...shape, rest: deeper(shape.rest) };
  }
  return { ...shape, children: new Map([...shape.children, [key, deeper(shape.children.get(key) ?? shape.rest)]]) };
}
