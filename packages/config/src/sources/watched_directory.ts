import { FileWatch, type FileWatchOptions, type WatchedBy } from "./file_watch.ts";
import { type Listing, list_directory } from "./listing.ts";
import type { Watch } from "./source.ts";
import { Moments, type Together } from "./together.ts";

/** A directory whose entries are listed, and watched for added and removed names. */
export class WatchedDirectory {
  private readonly path: string;
  private readonly options: FileWatchOptions;
  private running: FileWatch | undefined;
  private seen: Listing | undefined;
  private readonly moments = new Moments();

  /** @param path absolute */
  constructor(path: string, options: FileWatchOptions) {
    this.path = path;
    this.options = { ...options, entries: true };
  }

  /** The print of the last listing (`print_listing`). */
  get print(): string | undefined {
    return this.seen?.print;
  }

  /** @throws UnreadableFile */
  async list(): Promise<Listing> {
    return this.moments.covered(async () => {
      try {
        return (this.seen = await list_directory(this.path));
      } catch (error) {
        // A failure that only a change can fix is not repeated before there is one.
        this.seen = { absent: false, names: [], print: (error as Error).message };
        throw error;
      }
    });
  }

  async watch(changed: () => void): Promise<Watch> {
    const watch = new FileWatch(this.path, this.options, {
      seen: () => (this.seen === undefined ? undefined : { print: this.seen.print, digest: undefined }),
      changed,
      stirred: () => void this.moments.notice(),
      differs: () => this.moments.differs(),
      calm: () => this.moments.calm(),
      // The poll goes on, and the files report that they cannot be watched.
      unwatched: () => undefined,
    });
    this.running = watch;
    await watch.start();
    const close = async (): Promise<void> => {
      if (this.running === watch) this.running = undefined;
      await watch.close();
    };
    return { close };
  }

  /** How changes are noticed at the moment. */
  get watched(): WatchedBy {
    return this.running?.watched ?? "no";
  }

  /** When (ms since the epoch) the watch last checked it. */
  get last_looked(): number | undefined {
    return this.running?.last_looked;
  }

  together(): Together {
    const { stirred, answered } = this.moments;
    return { links: new Map(), stirred, answered };
  }
}
