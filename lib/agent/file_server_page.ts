/**
 * The pages of the file server: what is in a directory, and why there is nothing to see. They stand
 * alone, without script or anything from elsewhere. `file_server.ts` shows them.
 *
 * @module
 */
import { escapeHtml } from "../base/html.ts";

/** A line of a listing. */
export interface ListedEntry {
  /** Its name. */
  readonly name: string;
  /** Whether it can be entered. */
  readonly isDirectory: boolean;
  /** Of a file, where it was looked at. */
  readonly size?: number;
  /** Last change, milliseconds since 1970, where it was looked at. */
  readonly modifiedMs?: number;
}

/** Nothing is fetched, run or framed. */
export const FILE_PAGE_POLICY: string =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/**
 * A name as it stands in a URL, of itself: whatever it is, it is below this directory, and neither a
 * scheme nor a host.
 */
export function hrefOf(name: string, isDirectory: boolean): string {
  // A name can be half a character, on systems that take any bytes; no URL can say it.
  return `./${encodeURIComponent(name.toWellFormed())}${isDirectory ? "/" : ""}`;
}

/**
 * The listing of a directory, directories first.
 *
 * @param segments the names on the way to it
 * @param entries what is in it, in order of their names
 */
export function listingPage(
  segments: readonly string[],
  entries: readonly ListedEntry[],
): string {
  const title = `/${segments.map((name) => `${name}/`).join("")}`;
  const sorted = [
    ...entries.filter((entry) => entry.isDirectory),
    ...entries.filter((entry) => !entry.isDirectory),
  ];
  const rows = sorted.map(rowOf).join("\n");
  const content = `<h1>${trailOf(segments)}</h1>
<table>
<thead><tr><th scope="col">Name<th scope="col">Size<th scope="col">Changed</thead>
<tbody>
${rows || '<tr><td colspan="3" class="soft">Nothing is in this directory.'}
</tbody>
</table>`;
  return page(title, content);
}

/** The way from the top, each directory a link. */
function trailOf(segments: readonly string[]): string {
  const up = (levels: number) => (levels === 0 ? "./" : "../".repeat(levels));
  const names = ["/", ...segments.map((name) => `${name}/`)];
  return names.map((name, index) =>
    `<a href="${up(names.length - 1 - index)}">${escapeHtml(name)}</a>`
  ).join(" ");
}

function rowOf({ name, isDirectory, size, modifiedMs }: ListedEntry): string {
  const shown = escapeHtml(isDirectory ? `${name}/` : name);
  const link = `<a href="${escapeHtml(hrefOf(name, isDirectory))}">${shown}</a>`;
  const changed = modifiedMs === undefined ? "" : new Date(modifiedMs).toISOString();
  const when = changed && `<time datetime="${changed}">${shortly(changed)}</time>`;
  return `<tr><td>${link}<td>${size === undefined ? "" : sizeText(size)}<td>${when}`;
}

/** `2026-01-31 09:30`, in UTC. */
function shortly(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** A size as people read it. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/**
 * Why there is nothing to see.
 *
 * @param status of the answer
 * @param title in three words
 * @param text what was found, and what to do
 */
export function refusalPage(status: number, title: string, text: string): string {
  return page(
    title,
    `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>\n<p class="soft">HTTP ${status}</p>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root{color-scheme:light dark}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem;font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.25rem;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}
th{text-align:left;font-size:.8125rem}
th,td{padding:.3rem .6rem .3rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent)}
td:first-child{overflow-wrap:anywhere}
td:not(:first-child){white-space:nowrap;font-variant-numeric:tabular-nums}
th:nth-child(2),td:nth-child(2){text-align:right;padding-right:1.5rem}
.soft{opacity:.7}
@media(max-width:34rem){th:nth-child(3),td:nth-child(3){display:none}}
</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}
