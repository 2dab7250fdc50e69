/** What the server put into the page. */

interface Boot {
  readonly title: string;
  readonly page: string;
  readonly pages: readonly string[];
  readonly read_only: boolean;
  readonly user?: string;
  readonly token?: string;
  readonly data: unknown;
}

export const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}") as Boot;

const KEY = `dashboard-token:${location.host}`;

// The address that a program prints is good once: what it gave is kept as long as the tab is open, and out of sight.
if (boot.token !== undefined) sessionStorage.setItem(KEY, boot.token);
const address = new URL(location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}

export const token = (): string => sessionStorage.getItem(KEY) ?? "";

/** Whether this page may change things, where the program lets it. */
export const mayWrite = (allowed: boolean): boolean => allowed && token() !== "";

/** Why it may not. */
export const whyNot = (): string =>
  boot.read_only
    ? "Read-only: the program allows changes with { read_only: false }."
    : "To change things, open the address that the program printed when it started.";
