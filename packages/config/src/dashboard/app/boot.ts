/** The data that the server put into the page. */

interface Boot {
  readonly title: string;
  readonly page: string;
  readonly pages: readonly string[];
  readonly read_only: boolean;
  readonly user?: string;
  readonly token?: string;
  /** This visitor may never write. */
  readonly forbidden?: boolean;
  readonly run: string;
  readonly data: unknown;
}

export const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}") as Boot;

// Two dashboards may be mounted on one host.
const KEY = `dashboard-token:${new URL("./", location.href).href}`;

/** Which run of the program the page is connected to. */
let { run } = boot;

// The address printed by a program is valid once: its token is kept, hidden, while the tab is open.
if (boot.token !== undefined) sessionStorage.setItem(KEY, `${run} ${boot.token}`);
const address = new URL(location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}

/** The program responds, possibly as another run; then the token of the previous one is invalid. */
export function connected(to: string): void {
  run = to;
}

/** The token that allows this page to write; empty if there is none. */
export function token(): string {
  const [of, kept] = (sessionStorage.getItem(KEY) ?? "").split(" ");
  return of === run ? (kept ?? "") : "";
}

/** Whether this page may make changes, if the program allows it. */
export const mayWrite = (allowed: boolean): boolean => allowed && token() !== "";

/** Why it may not make changes. */
export function whyNot(): string {
  if (boot.read_only) return "The program allows changes with { read_only: false }.";
  if (boot.forbidden === true) return "You may read but not write.";
  if (run !== boot.run) return "The program was restarted: load the page again, or open the address that it printed.";
  return "To change things, open the address that the program printed when it started.";
}
