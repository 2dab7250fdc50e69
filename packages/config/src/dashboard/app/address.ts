/**
 * The address contains the state of the page: each view can be shared as a link, and the browser's back button works.
 */
import { useEffect, useState } from "preact/hooks";

export interface Address {
  readonly page: string;
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();

export function here(): Address {
  return { page: location.pathname.split("/").at(-1) ?? "", query: new URLSearchParams(location.search) };
}

type Changes = Readonly<Record<string, string | undefined>>;

/** The address of a page, or of this one with some changes. */
export function to(page: string | undefined, changes: Changes = {}): string {
  const now = here();
  const query = new URLSearchParams(page === undefined || page === now.page ? now.query : undefined);
  const { query: before } = now;
  const manager = before.get("manager");
  if (manager !== null && page !== undefined && page !== now.page) query.set("manager", manager);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return `./${page ?? now.page}${text === "" ? "" : `?${text}`}`;
}

export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

export function useAddress(): Address {
  const [address, set] = useState(here);
  useEffect(() => {
    const changed = () => set(here());
    listeners.add(changed);
    addEventListener("popstate", changed);
    return () => {
      listeners.delete(changed);
      removeEventListener("popstate", changed);
    };
  }, []);
  return address;
}

/** Follows links of this page without reloading it. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest("a");
  const address = link?.getAttribute("href");
  if (address === null || address === undefined || !address.startsWith("./") || link?.hasAttribute("download") === true)
    return;
  event.preventDefault();
  go(address);
}
