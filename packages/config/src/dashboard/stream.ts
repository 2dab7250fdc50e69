/**
 * The stream of one page: a snapshot of its view, then patches, at most four a second, and events. Nothing is queued
 * for a slow page: its next patch is made from the last data sent to it.
 */
import type { Line } from "./events.ts";
import type { Hub, Viewer } from "./hub.ts";
import { diff } from "./patch.ts";

/** Minimum time between two patches, in ms. */
const APART = 250;
const HEARTBEAT = 15;
const MOST_LINES = 100;
/** How long a page may take to read the data sent to it, in seconds. */
const PATIENCE = 60;

export type View = () => Promise<unknown>;

export class Stream implements Viewer {
  readonly response: Response;
  private readonly hub: Hub;
  private readonly view: View;
  private readonly tail: boolean;
  private readonly encoder = new TextEncoder();
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private sent: unknown = undefined;
  private timer: NodeJS.Timeout | undefined;
  private last = 0;
  private busy = false;
  private dirty = false;
  private idle = 0;
  private stuck = 0;
  private lines: Line[] = [];
  /** The number of the last event sent to the page. */
  private seen = 0;
  private closed = false;

  /**
   * @param tail whether the page shows events one by one
   * @param resumed the last event that the page has seen: `run:number`
   */
  constructor(hub: Hub, view: View, tail: boolean, resumed: string | null, signal: AbortSignal) {
    this.hub = hub;
    this.view = view;
    this.tail = tail;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => {
          if (this.dirty) this.soon();
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 8 },
    );
    this.response = new Response(body, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" },
    });
    const [run, seq] = (resumed ?? "").split(":");
    const restarted = run !== undefined && run !== "" && run !== hub.boot;
    hub.enter(this);
    if (signal.aborted) {
      this.close();
      return;
    }
    signal.addEventListener("abort", () => this.close(), { once: true });
    const started_at = new Date(Date.now() - process.uptime() * 1_000).toISOString();
    this.write(`retry: 1000\nevent: hello\ndata: ${JSON.stringify({ run: hub.boot, restarted, started_at })}\n\n`);
    this.seen = restarted ? 0 : Number(seq) || 0;
    if (tail) this.lines = [...hub.events.after(this.seen)].slice(-MOST_LINES);
    this.dirty = true;
    void this.refresh();
  }

  tick(): void {
    // A page that has read nothing for that long is gone, or will reconnect.
    this.stuck = this.behind ? this.stuck + 1 : 0;
    if (this.stuck > PATIENCE) {
      this.close();
      return;
    }
    this.idle++;
    if (this.idle % HEARTBEAT === 0) this.write("event: still\ndata: {}\n\n");
    this.soon();
  }

  heard(line: Line): void {
    if (this.tail) {
      this.lines.push(line);
      if (this.lines.length > MOST_LINES) this.lines.shift();
    }
    this.soon();
  }

  /** Whether the page has unread data. */
  private get behind(): boolean {
    return (this.controller.desiredSize ?? 0) <= 0;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.hub.leave(this);
    try {
      this.controller.close();
    } catch {
      // The page closed it.
    }
  }

  private soon(): void {
    this.dirty = true;
    if (this.timer !== undefined || this.busy || this.closed) return;
    this.timer = setTimeout(() => void this.refresh(), Math.max(0, this.last + APART - Date.now()));
    this.timer.unref();
  }

  private async refresh(): Promise<void> {
    this.timer = undefined;
    if (this.closed || this.busy) return;
    // It gets the current state when it has caught up.
    if (this.behind) return;
    this.busy = true;
    this.dirty = false;
    this.last = Date.now();
    try {
      const data: unknown = JSON.parse(JSON.stringify(await this.view()));
      if (this.sent === undefined) this.send("snapshot", data);
      else {
        const patch = diff(this.sent, data);
        if (patch.length > 0) this.send("patch", patch);
      }
      this.sent = data;
    } catch (error) {
      this.send("trouble", { error: error instanceof Error ? error.message : "the view failed" });
    }
    if (this.lines.length > 0) {
      this.seen = this.lines.at(-1)?.seq ?? this.seen;
      this.send("events", this.lines);
      this.lines = [];
    }
    this.busy = false;
    if (this.dirty) this.soon();
  }

  private send(event: string, data: unknown): void {
    this.write(`event: ${event}\nid: ${this.hub.boot}:${this.seen}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  private write(text: string): void {
    if (this.closed) return;
    try {
      this.controller.enqueue(this.encoder.encode(text));
    } catch {
      this.close();
    }
  }
}
