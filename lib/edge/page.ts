/**
 * The shell of the pages that the edge shows to visitors on its own account: error pages and the
 * interstitial. A page stands alone (no script, font or image from anywhere, and a policy that
 * forbids them), follows the visitor's light or dark setting, and reads well on a phone.
 *
 * @module
 */
import { escapeHtml } from "../base/html.ts";

/** Nothing is fetched, run or framed; only the page's own style applies, and its own form. */
export const PAGE_POLICY: string =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'";

const STYLE = `:root{color-scheme:light dark;--bg:#f4f2ec;--card:#fff;--ink:#1b2330;--soft:#596273;
--line:#dedacf;--good:#2a7a58;--bad:#b23a24;--wash:#fbf3f0;--accent:#285ea8;--on:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#12151a;--card:#1b2027;--ink:#e9e7e2;--soft:#a0a9b7;
--line:#333b46;--good:#5fc799;--bad:#f48b74;--wash:#2a201f;--accent:#8ab6f5;--on:#12151a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.5rem 1rem;
background:var(--bg);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:44rem;padding:clamp(1.25rem,5vw,2.75rem);background:var(--card);
border:1px solid var(--line);border-radius:16px}
.code{margin:0 0 .75rem;color:var(--soft);font:600 .8125rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
letter-spacing:.02em}
h1{overflow-wrap:anywhere;margin:0 0 .6rem;font-size:clamp(1.5rem,5vw,2rem);line-height:1.2;letter-spacing:-.015em;text-wrap:balance}
h2{margin:0 0 .35rem;font-size:.9375rem;line-height:1.4}
p{margin:.25rem 0;overflow-wrap:anywhere}
.lead{margin:0;font-size:1.0625rem;color:var(--ink)}
ol.trip{display:flex;margin:2rem 0 1.75rem;padding:0;list-style:none;text-align:center;font-size:.875rem}
.trip li{position:relative;flex:1;color:var(--soft);line-height:1.3}
.trip li::before{content:"";display:grid;place-items:center;width:1.75rem;height:1.75rem;margin:0 auto .5rem;
border-radius:50%;border:2px solid var(--line);background:var(--card);position:relative;z-index:1;
font-weight:700;font-size:.875rem;line-height:1}
.trip li+li::after{content:"";position:absolute;top:calc(.875rem - 1px);right:50%;width:100%;
border-top:2px dashed var(--line)}
.trip .ok{color:var(--ink)}
.trip .ok::before{content:"\\2713";background:var(--good);border-color:var(--good);color:var(--card)}
.trip .ok+li::after{border-top:2px solid var(--good)}
.trip .stop{color:var(--bad);font-weight:650}
.trip .stop::before{content:"\\2715";background:var(--bad);border-color:var(--bad);color:var(--card)}
.fault{margin:0 0 1.5rem;padding:.7rem 1rem;border-radius:10px;background:var(--wash);border-left:3px solid var(--bad)}
.todo{display:grid;gap:1.25rem 2rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr))}
ul{margin:0;padding-left:1.15rem}
h1 .host{font-size:.8em;color:var(--accent)}
form+h2,ul+h2{margin-top:1.5rem}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
ul li+li{margin-top:.25rem}
.todo li{overflow-wrap:anywhere}
a{color:var(--accent)}
button,.button{display:inline-block;margin:1.25rem 0 .25rem;padding:.7rem 1.3rem;border:0;border-radius:10px;
background:var(--accent);color:var(--on);font-family:inherit;font-size:1rem;font-weight:600;line-height:1.3;text-decoration:none;cursor:pointer}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
footer{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.8125rem}
footer p{margin:0;display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1.5rem}
@media(max-width:30rem){main{border-radius:12px}ol.trip{font-size:.8125rem}}
@media print{body{background:none}main{border:0}}`;

/**
 * A whole page.
 *
 * @param title of the tab; plain text
 * @param content HTML, with everything escaped that came from outside
 */
export function htmlPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
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
