/** The live data of a page: one stream from the server, resumed when it is interrupted. */
import { useEffect, useRef, useState } from "preact/hooks";
import { connected } from "./boot.ts";
import { apply, type Patch } from "./patch.ts";

export interface Line {
  readonly seq: number;
  readonly at: string;
  readonly event: string;
  readonly level: "error" | "warning" | "info";
  readonly text: string;
  readonly pids: readonly string[];
  readonly path?: string;
}

export interface Live {
  readonly data: unknown;
  readonly lines: readonly Line[];
  readonly state: "connecting" | "live" | "lost";
  /** Since when it is lost. */
  readonly since: string | undefined;
  readonly restarted: string | undefined;
  readonly trouble: string | undefined;
}

const KEPT = 500;
/** The program sends a sign of life every 15 seconds. */
const SILENCE = 40_000;
/** How long a tab is hidden before its stream is closed, in ms. */
const HIDDEN = 5_000;

/** Follows a page. While `paused`, updates are held back. */
export function useLive(page: string, query: string, first: unknown, paused: boolean): Live {
  const [live, set] = useState<Live>({
    data: first,
    lines: [],
    state: "connecting",
    since: undefined,
    restarted: undefined,
    trouble: undefined,
  });
  const now = useRef({ live, held: false, run: "" });
  const stopped = useRef(paused);
  stopped.current = paused;
  const show = (change: Partial<Live>, always = false) => {
    now.current.live = { ...now.current.live, ...change };
    if (!stopped.current || always) set(now.current.live);
  };
  useEffect(() => {
    if (!paused) set(now.current.live);
  }, [paused]);
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    let heard = Date.now();
    let last = "";
    let view: unknown;
    show({ lines: [] });
    const open = () => {
      const search = new URLSearchParams(query);
      search.set("page", page);
      if (last !== "") search.set("last_event_id", last);
      source = new EventSource(`./stream?${search}`);
      const on = (event: string, then: (data: unknown) => void) =>
        source?.addEventListener(event, (message) => {
          const { data, lastEventId } = message as MessageEvent<string>;
          heard = Date.now();
          if (lastEventId !== "") last = lastEventId;
          then(JSON.parse(data));
        });
      on("hello", (data) => {
        const { run, restarted, started_at } = data as { run: string; restarted: boolean; started_at: string };
        const other = now.current.run !== "" && now.current.run !== run;
        now.current.run = run;
        connected(run);
        show(
          { state: "live", since: undefined, ...(restarted || other ? { restarted: started_at, lines: [] } : {}) },
          true,
        );
      });
      on("snapshot", (data) => {
        view = data;
        show({ data, trouble: undefined });
      });
      on("patch", (patch) => {
        view = apply(structuredClone(view), patch as Patch);
        show({ data: view, trouble: undefined });
      });
      on("events", (lines) => show({ lines: [...now.current.live.lines, ...(lines as Line[])].slice(-KEPT) }));
      on("trouble", (data) => show({ trouble: (data as { error: string }).error }, true));
      source.addEventListener("error", () => {
        lost(Date.now());
        // The browser reconnects by itself, unless the server refuses.
        if (source?.readyState === EventSource.CLOSED && !over) again = setTimeout(open, 2_000);
      });
      on("still", () => undefined);
      heard = Date.now();
    };
    const lost = (at: number) =>
      show({ state: "lost", since: now.current.live.since ?? new Date(at).toISOString() }, true);
    // A broken connection may not report its end: only the missing sign of life shows it.
    const watch = setInterval(() => {
      if (source === undefined || Date.now() - heard < SILENCE) return;
      lost(heard);
      source?.close();
      clearTimeout(again);
      open();
    }, SILENCE / 4);
    // A hidden tab must not occupy one of the few connections that a browser allows for one program.
    let away: ReturnType<typeof setTimeout> | undefined;
    const seen = () => {
      clearTimeout(away);
      if (!document.hidden && source === undefined) open();
      else if (document.hidden)
        away = setTimeout(() => {
          clearTimeout(again);
          source?.close();
          source = undefined;
        }, HIDDEN);
    };
    document.addEventListener("visibilitychange", seen);
    open();
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(away);
      clearInterval(watch);
      clearTimeout(again);
      source?.close();
    };
  }, [page, query]);
  return live;
}
