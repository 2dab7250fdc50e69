/**
 * The resources needed while there are viewers: listeners, samples, a timer. The first viewer starts them; ten seconds
 * after the last one they are released.
 */
import { randomBytes } from "node:crypto";
import { Events, type Line } from "./events.ts";
import type { Managers } from "./managers.ts";
import { Samples } from "./samples.ts";

/** A viewer of a page. */
export interface Viewer {
  /** Called every second. */
  tick(): void;
  /** Called with each event. */
  heard(line: Line): void;
  close(): void;
}

const LINGER = 10_000;
const TICK = 1_000;
const MOST_VIEWERS = 64;

export class Hub {
  /** Names this run of the program. */
  readonly boot = randomBytes(6).toString("hex");
  readonly events: Events;
  readonly samples = new Samples();
  private readonly viewers = new Set<Viewer>();
  private timer: NodeJS.Timeout | undefined;
  private lingering: NodeJS.Timeout | undefined;

  constructor(managers: Managers) {
    this.events = new Events(managers, (line) => {
      for (const viewer of this.viewers) viewer.heard(line);
    });
  }

  get full(): boolean {
    return this.viewers.size >= MOST_VIEWERS;
  }

  get watching(): boolean {
    return this.timer !== undefined;
  }

  enter(viewer: Viewer): void {
    this.viewers.add(viewer);
    clearTimeout(this.lingering);
    this.lingering = undefined;
    if (this.timer !== undefined) return;
    this.events.attach();
    this.samples.start();
    this.timer = setInterval(() => {
      this.samples.take();
      for (const each of this.viewers) each.tick();
    }, TICK);
    this.timer.unref();
  }

  leave(viewer: Viewer): void {
    if (!this.viewers.delete(viewer) || this.viewers.size > 0) return;
    this.lingering = setTimeout(() => this.stop(), LINGER);
    this.lingering.unref();
  }

  close(): void {
    for (const viewer of this.viewers) viewer.close();
    this.viewers.clear();
    this.stop();
  }

  private stop(): void {
    clearTimeout(this.lingering);
    this.lingering = undefined;
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.events.detach();
    this.samples.stop();
  }
}
