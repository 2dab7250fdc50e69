import { lstat, readlink } from "node:fs/promises";
import { join, parse as parsePath, sep } from "node:path";

/** A directory whose entries decide where a path leads. */
export interface Station {
  /** Differs for a directory that was removed and created again. */
  readonly identity: string;
  /** The entries that the path passes through. */
  readonly names: ReadonlySet<string>;
}

/** The route of a path at one moment. */
export interface Route {
  /** The directories to watch: those of each symbolic link, and that of the file or its nearest existing parent. */
  readonly stations: ReadonlyMap<string, Station>;
  /** Each symbolic link and directory on the way, with a value that differs when it was replaced or re-pointed. */
  readonly steps: ReadonlyMap<string, string>;
  /** When each of these links was created, in ns since the epoch by the file system's clock. */
  readonly made: ReadonlyMap<string, bigint>;
  /** Whether it was followed to its end: something on the way may have been removed meanwhile. */
  readonly whole: boolean;
  /** The end of the path: the file without symbolic links. Undefined if there is none. */
  readonly end: { readonly path: string; readonly identity: string; readonly regular: boolean } | undefined;
}

/** More links than the system itself follows. */
const HOPS = 40;

/** Follows a path link by link. Never rejects: the route ends at a missing entry. */
export async function route_of(path: string): Promise<Route> {
  const stations = new Map<string, Station>();
  const steps = new Map<string, string>();
  const made = new Map<string, bigint>();
  let end: Route["end"];
  let whole = true;
  let { root: at } = parsePath(path);
  let rest = partsOf(path.slice(at.length));
  const station = async (name: string) => {
    const identity = identityOf(await lstat(at, { bigint: true }));
    stations.set(at, { identity, names: new Set(stations.get(at)?.names).add(name) });
  };
  try {
    for (let hops = 0; rest.length > 0 && hops < HOPS;) {
      const [part, ...after] = rest;
      const entry = join(at, part!);
      const stats = await lstat(entry, { bigint: true }).catch(() => undefined);
      if (stats?.isSymbolicLink() === true) {
        await station(part!);
        hops += 1;
        const target = await readlink(entry);
        steps.set(entry, `${identityOf(stats)} ${stats.ctimeNs} ${target}`);
        made.set(entry, stats.ctimeNs);
        const { root } = parsePath(target);
        if (root !== "") at = root;
        rest = [...partsOf(target.slice(root.length)), ...after];
      } else if (stats?.isDirectory() === true && after.length > 0) {
        steps.set(entry, identityOf(stats));
        at = entry;
        rest = after;
      } else {
        await station(part!);
        if (stats !== undefined && after.length === 0) {
          end = { path: entry, identity: identityOf(stats), regular: stats.isFile() };
        }
        break;
      }
    }
  } catch {
    whole = false;
  }
  return { stations, steps, made, whole, end };
}

function identityOf({ dev, ino, birthtimeNs }: { dev: bigint; ino: bigint; birthtimeNs: bigint }): string {
  return `${dev}:${ino}:${birthtimeNs}`;
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== "");
}
