/**
 * How long a request head takes: `deno run -A scripts/bench_head.ts`, `bun scripts/bench_head.ts`.
 * Prints the best and the median of several rounds; not run in CI.
 *
 * @module
 */
import { pair } from "../lib/base/duplex.ts";
import { editHead, mergeEdits } from "../lib/http/edit.ts";
import { forwardedEdits } from "../lib/http/forwarded.ts";
import { parseRequestHead, readRequestHead, type RequestHead } from "../lib/http/head.ts";
import { hopByHopNames } from "../lib/http/hop_by_hop.ts";

/** What a browser sends for a page, 0.8 kB. */
const BROWSER_HEAD = [
  "GET /assets/app.js?v=3f2a91c HTTP/1.1",
  "Host: brave-otter-1234.tunnels.example.com",
  "Connection: keep-alive",
  'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Dest: document",
  "Referer: https://brave-otter-1234.tunnels.example.com/",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Cookie: sid=s%3Aj8sUe9f2kLQm1.Xr0cVbq8pTn5WyZ2aKd7HgFs; theme=dark; seen=1; lang=en; tz=UTC",
  "",
  "",
].join("\r\n");

function measure(name: string, rounds: number, times: number, run: () => void): void {
  const results: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let index = 0; index < times; index++) run();
    results.push((performance.now() - start) * 1000 / times);
  }
  results.sort((a, b) => a - b);
  report(name, results);
}

async function measureAsync(
  name: string,
  rounds: number,
  times: number,
  run: () => Promise<unknown>,
): Promise<void> {
  const results: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let index = 0; index < times; index++) await run();
    results.push((performance.now() - start) * 1000 / times);
  }
  results.sort((a, b) => a - b);
  report(name, results);
}

function report(name: string, sorted: readonly number[]): void {
  const median = sorted[sorted.length >> 1];
  // deno-lint-ignore no-console -- a script speaks to its user
  console.log(`${name.padEnd(44)} best ${sorted[0].toFixed(2)} µs, median ${median.toFixed(2)} µs`);
}

function forward(head: RequestHead): Uint8Array {
  return editHead(
    head,
    mergeEdits(
      { remove: hopByHopNames(head) },
      forwardedEdits(head, { clientIp: "203.0.113.9", proto: "https" }),
    ),
  );
}

const bytes = new TextEncoder().encode(BROWSER_HEAD);
// deno-lint-ignore no-console -- as above
console.log(`${bytes.length} bytes, ${BROWSER_HEAD.split("\r\n").length - 3} headers`);
let sink = 0;
measure("parseRequestHead", 15, 20_000, () => {
  sink += parseRequestHead(bytes).count;
});
measure("parseRequestHead, host and path asked", 15, 20_000, () => {
  const head = parseRequestHead(bytes);
  sink += head.host.length + head.path.length;
});
measure("parse and edit for forwarding", 15, 20_000, () => {
  sink += forward(parseRequestHead(bytes)).length;
});
const [client, server] = pair();
await measureAsync("readRequestHead from a Duplex, and edit", 15, 10_000, async () => {
  client.write(bytes);
  sink += forward((await readRequestHead(server))!).length;
});
client.closeWrite();
if (sink === 0) throw new Error("nothing was measured");
