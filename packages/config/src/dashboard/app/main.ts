/** The page: navigation, content, keys. */
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { follow, go, to, useAddress } from "./address.ts";
import { boot, token, whyNot } from "./boot.ts";
import { Changes } from "./changes.ts";
import { Configuration } from "./configuration.ts";
import { Events } from "./events.ts";
import { clock } from "./format.ts";
import { html } from "./html.ts";
import { useLive } from "./live.ts";
import { Overview } from "./overview.ts";
import { Processes } from "./processes.ts";
import { Sources } from "./sources.ts";

const PAGES: readonly (readonly [page: string, name: string, key: string, component: unknown])[] = [
  ["", "Overview", "o", Overview],
  ["processes", "Processes", "p", Processes],
  ["configuration", "Configuration", "c", Configuration],
  ["changes", "Changes", "h", Changes],
  ["sources", "Sources", "s", Sources],
  ["events", "Events", "e", Events],
];

function App() {
  const { page, query } = useAddress();
  const [paused, pause] = useState(false);
  const [help, setHelp] = useState(false);
  const text = query.toString();
  const first = page === boot.page ? boot.data : undefined;
  const live = useLive(page, text, first, paused);
  const [, name, , component] = PAGES.find(([one]) => one === page) ?? PAGES[0]!;
  // The data belongs to the previous page until the first data of this one has arrived.
  const [shown, show] = useState<{ page: string; data: unknown }>({ page: boot.page, data: boot.data });
  useEffect(() => show({ page, data: live.data }), [live.data]);
  useEffect(() => {
    document.title = `${name} · ${boot.title}`;
  }, [name]);
  useKeys({
    pause: () => pause((now) => !now),
    help: () => setHelp((now) => !now),
    close: () => {
      if (help) setHelp(false);
      else document.querySelector<HTMLAnchorElement>("a[data-close]")?.click();
    },
  });
  const ready = shown.page === page && shown.data !== undefined;
  return html` <div class="frame" onClick=${follow}>
    <a class="skip" href="#content">Skip to the content</a>
    <header class="side">
      <p class="title" title=${boot.title}><a href=${to("")}>${boot.title}</a></p>
      <nav aria-label="Pages">
        ${PAGES.map(([one, label, key]) => html`<a href=${to(one)} aria-current=${one === page ? "page" : undefined}>${label}<kbd>g ${key}</kbd></a>`)}
      </nav>
      <div class="foot">
        <p role="status" class=${`live ${live.state}`}>
          ${live.state === "lost" ? "▲ connection lost" : paused ? "❚❚ paused" : live.state === "live" ? "● live" : "◌ connecting"}
        </p>
        <p>
          <button aria-pressed=${paused} onClick=${() => pause(!paused)}>
            ${paused ? "Resume" : "Pause"} <kbd>p</kbd>
          </button>
        </p>
        <p class="may dim" title=${token() === "" ? whyNot() : undefined}>
          ${token() === "" ? html`read-only<span class="why">. ${whyNot()}</span>` : `may write${boot.user === undefined ? "" : ` as ${boot.user}`}`}
        </p>
        <p class="keys dim">
          <button class="link" onClick=${() => setHelp(!help)}>Keys <kbd>?</kbd></button>
        </p>
      </div>
    </header>
    <main id="content">
      <h1>${name}</h1>
      ${live.restarted === undefined ? null : html`<section class="banner warn" role="status"><p>↻ The program was restarted at ${clock(live.restarted)}. The page now shows the new run.</p></section>`}
      ${live.state === "lost" ? html`<section class="banner warn" role="status"><p>▲ The program cannot be reached: connection lost since ${clock(live.since)}, trying again. The page shows the last data received.</p></section>` : null}
      ${live.trouble === undefined ? null : html`<section class="banner bad" role="alert"><p>✕ ${live.trouble}</p></section>`}
      ${ready ? html`<${component} data=${shown.data} query=${query} lines=${live.lines} paused=${paused} />` : html`<p class="empty">Loading …</p>`}
    </main>
    ${
      help
        ? html`<dialog open class="help">
            <h2>Keys</h2>
            <dl class="facts">
              <dt><kbd>/</kbd></dt>
              <dd>search</dd>
              <dt><kbd>p</kbd></dt>
              <dd>pause and resume</dd>
              ${PAGES.map(
                ([, label, key]) =>
                  html`<dt><kbd>g</kbd> <kbd>${key}</kbd></dt>
                    <dd>${label}</dd>`,
              )}
              <dt><kbd>Esc</kbd></dt>
              <dd>close the topmost panel</dd>
            </dl>
            <button ref=${focused} onClick=${() => setHelp(false)}>Close</button>
          </dialog>`
        : null
    }
  </div>`;
}

const focused = (button: HTMLElement | null) => button?.focus();

function useKeys(given: { pause: () => void; help: () => void; close: () => void }): void {
  const does = useRef(given);
  does.current = given;
  useEffect(() => {
    let before = "";
    let at = 0;
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const writing = target.matches("input, textarea, select");
      if (event.key === "Escape") {
        if (writing) target.blur();
        else does.current.close();
        return;
      }
      if (writing || event.metaKey || event.ctrlKey || event.altKey) return;
      const second =
        before === "g" && event.timeStamp - at < 1_500 ? PAGES.find(([, , key]) => key === event.key) : undefined;
      before = event.key;
      at = event.timeStamp;
      if (second !== undefined) go(to(second[0]));
      else if (event.key === "/") {
        const search = document.querySelector<HTMLInputElement>("[data-search]");
        if (search === null) return;
        search.focus();
      } else if (event.key === "p") does.current.pause();
      else if (event.key === "?") does.current.help();
      else return;
      event.preventDefault();
      if (second !== undefined) before = "";
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

render(html`<${App} />`, document.getElementById("app") as HTMLElement);
