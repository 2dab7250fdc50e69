/** The page before its script runs, and the rules that the browser holds it to. */
import { createHash } from "node:crypto";
import { importMap } from "./assets.ts";

// A tree of three.
const ICON = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3b5bdb"/><g fill="#fff" stroke="#fff" stroke-width="2"><path d="M16 8 8 23M16 8l8 15"/><circle cx="16" cy="8" r="3"/><circle cx="8" cy="23" r="3"/><circle cx="24" cy="23" r="3"/></g></svg>')}`;

const map = importMap();
const hash = createHash("sha256").update(map).digest("base64");

/** Headers of all responses: no other site may frame, read or submit to it, and nothing is cached. */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'self'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
  vary: "accept",
};

/** The initial data of the page's script. */
export interface Boot {
  readonly title: string;
  readonly page: string;
  readonly pages: readonly string[];
  readonly read_only: boolean;
  readonly user?: string | undefined;
  readonly token?: string | undefined;
  /** This visitor may never write. */
  readonly forbidden: boolean;
  /** Names this run of the program. */
  readonly run: string;
  readonly data: unknown;
}

export function shell(boot: Boot): string {
  const title = escaped(boot.title);
  // Only this could end a script element early.
  const data = JSON.stringify(boot).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="./assets/style.css">
<script type="importmap">${map}</script>
<script type="module" src="./assets/main.js"></script>
</head>
<body>
<div id="app"><noscript><main class="bare"><h1>${title}</h1>
<p>This page moves with JavaScript. Without it, its data is here:</p>
<pre>${escaped(JSON.stringify(boot.data, null, 2)).slice(0, 200_000)}</pre></main></noscript></div>
<script type="application/json" id="boot">${data}</script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
