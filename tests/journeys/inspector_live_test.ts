/**
 * The inspector over a real agent, a real edge and real traffic, clicked through in a real browser.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../lib/agent/agent.ts";
import { serveAgentApi } from "../../lib/api/agent/serve_agent_api.ts";
import { silentLogger } from "../../lib/base/log.ts";
import { launchEdge } from "../../lib/edge/edge.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { canBrowse, startBrowser, type WatchedPage } from "./browser.ts";
import { type Door, startWeb, visit, webSocketEcho } from "./kit.ts";
import { AUTHTOKEN, DOMAIN } from "./tunnel_suite.ts";

interface Stage {
  readonly door: Door;
  /** What the service was asked, in order. */
  readonly asked: string[];
  /** Streams that are open. */
  readonly streams: ServerResponse[];
  /** The public address of the service. */
  readonly shop: string;
  readonly url: string;
  readonly watched: WatchedPage;
}

/** A service with bodies of several kinds. */
async function startService(asked: string[], streams: ServerResponse[]) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => body += chunk);
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      if (request.url === "/prices") {
        response.setHeader("content-type", "application/json");
        response.setHeader("content-encoding", "gzip");
        return void response.end(gzipSync('{"lamp":12.50,"wick":0.8}'));
      }
      if (request.url === "/events") {
        response.setHeader("content-type", "text/event-stream");
        response.write('event: price\nid: 1\ndata: {"lamp":13}\n\n');
        return void streams.push(response);
      }
      response.statusCode = request.url === "/missing" ? 404 : 201;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ count: asked.length, got: body }));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const runtime = detectRuntime();
  const { net, clock, codecs } = runtime;
  const dataDir = await mkdtemp(join(tmpdir(), "sallyport-live-edge-"));
  const edge = await launchEdge({
    domain: DOMAIN,
    dataDir,
    authtoken: AUTHTOKEN,
    http: { port: 0 },
    agents: { port: 0 },
  }, runtime);
  const asked: string[] = [];
  const streams: ServerResponse[] = [];
  const service = await startService(asked, streams);
  const sockets = await startWeb();
  const connectUrl = `127.0.0.1:${edge.addresses.agents!.port}`;
  const agent = await connect({
    connectUrl,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    inspectBytes: 0,
    runtime,
  });
  const shop = await agent.forward({
    name: "shop",
    addr: service.port,
    url: `http://shop.${DOMAIN}`,
  });
  await agent.forward({ name: "live", addr: sockets.port, url: `http://live.${DOMAIN}` });
  const api = await serveAgentApi({
    agent,
    net,
    clock,
    codecs,
    logger: silentLogger,
    connectUrl,
    port: 0,
    allowHosts: [],
    config: { web_addr: "127.0.0.1:4040", authtoken: "HIDDEN" },
    prepare: () => Promise.reject(new Error("no endpoint is started by the page")),
  });
  const browser = await startBrowser(`*.${DOMAIN}`);
  const watched = await browser.open({ viewport: { width: 1280, height: 860 } });
  try {
    const door = { http: `127.0.0.1:${edge.addresses.http!.port}` };
    await run({ door, asked, streams, shop: shop.url, url: api.url, watched });
    assert.deepEqual(watched.faults, []);
    assert.deepEqual([...watched.hosts], [new URL(api.url).host]);
  } finally {
    await watched.close();
    await browser.close();
    await api.close();
    await agent.close({ graceMs: 0 });
    await edge.close({ graceMs: 0 });
    await service.close();
    await sockets.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

if (canBrowse) {
  test("inspector page: what passes through a real agent is seen, searched and sent again", () =>
    onStage(async ({ door, asked, streams, shop, url, watched: { page, shoot } }) => {
      const list = page.getByRole("listbox", { name: "Exchanges, newest first" });
      const row = (text: string) => list.getByRole("option").filter({ hasText: text });
      const title = page.locator("#exchange-title");
      const response = page.getByRole("region", { name: "Response", exact: true });
      const wall = page.getByRole("contentinfo");

      await page.goto(url);
      await page.getByRole("link", { name: shop, exact: true }).waitFor();
      await page.getByText("Nothing yet").waitFor();

      // A request with a body, seen as it came.
      const headers = { "content-type": "application/json", "x-Order": "17" };
      await visit(door, `${shop}/orders?dry=1`, {
        method: "POST",
        headers,
        body: '{"sku":"LAMP"}',
      });
      await row("/orders").click();
      await title.filter({ hasText: "POST /orders?dry=1" }).waitFor();
      const request = page.getByRole("region", { name: "Request", exact: true });
      await request.getByText('"LAMP"').waitFor();
      await request.getByRole("tab", { name: /^Headers/ }).click();
      await request.getByRole("row", { name: "x-Order 17" }).waitFor();

      // A body that was compressed, laid out as it was written.
      await visit(door, `${shop}/prices`, { headers: { "accept-encoding": "gzip" } });
      await row("/prices").click();
      await response.getByText("12.50").waitFor();
      await response.getByText("without gzip").waitFor();
      await shoot("inspector-live-gzip");

      // Sent again, with changes, many times.
      await row("/orders").click();
      await title.filter({ hasText: "/orders" }).waitFor();
      await page.getByRole("button", { name: "Replay", exact: true }).click();
      await page.getByText("A replay of").waitFor();
      await page.getByRole("button", { name: "Compare the two" }).click();
      await page.locator(".diff-added").filter({ hasText: '"count"' }).waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await page.getByRole("button", { name: "Edit and replay" }).click();
      const edit = page.getByRole("dialog", { name: "Edit and replay" });
      await edit.getByLabel("Method").fill("PUT");
      await edit.getByLabel("Path").fill("/orders/18");
      await edit.getByLabel("Body").fill('{"sku":"WICK, longer than before"}');
      await edit.getByLabel("How often").fill("2");
      await edit.getByRole("button", { name: "Send" }).click();
      await title.filter({ hasText: "PUT /orders/18" }).waitFor();
      assert.deepEqual(asked, [
        'POST /orders?dry=1 {"sku":"LAMP"}',
        "GET /prices",
        'POST /orders?dry=1 {"sku":"LAMP"}',
        'PUT /orders/18 {"sku":"WICK, longer than before"}',
        'PUT /orders/18 {"sku":"WICK, longer than before"}',
      ]);

      // A stream of events and a WebSocket, while they go on.
      const following = visit(door, `${shop}/events`);
      await row("/events").click();
      const said = (text: string) =>
        page.getByRole("listbox", { name: "Messages, oldest first" })
          .getByRole("option").filter({ hasText: text });
      await said('{"lamp":13}').waitFor();
      streams[0].write("data: later\n\n");
      await said("later").waitFor();
      streams[0].end();
      await following;
      assert.equal(
        await webSocketEcho(door, `http://live.${DOMAIN}/ws`, "hello, wall"),
        "hello, wall",
      );
      await row("/ws").click();
      await said("hello, wall").nth(1).waitFor();
      await shoot("inspector-live-websocket");

      // Filters here, filters and full text search in the agent.
      await visit(door, `${shop}/missing`);
      const search = page.getByRole("combobox", { name: /^Search bodies/ });
      await search.fill("status == 404");
      await page.keyboard.press("Enter");
      await wall.getByText("matched 1 of 8").waitFor();
      await page.getByRole("button", { name: /^Remove the filter/ }).click();
      await search.fill("longer than before");
      await wall.getByText("matched 2 of 8").waitFor();
      await search.fill("header x-order == 17");
      await page.keyboard.press("Enter");
      await wall.getByText("matched 4 of 8").waitFor();
      await page.getByRole("button", { name: /^Remove the filter/ }).click();
      await wall.getByText("8 exchanges").waitFor();

      // Out as HAR, cleared, and in again.
      const folder = await mkdtemp(join(tmpdir(), "sallyport-live-"));
      try {
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("link", { name: "Save all as HAR" }).click(),
        ]);
        const path = join(folder, "all.har");
        await download.saveAs(path);
        assert.equal(JSON.parse(readFileSync(path, "utf8")).log.entries.length, 8);
        await page.getByRole("button", { name: "Clear all" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Clear" }).click();
        await page.getByText("Nothing yet").waitFor();
        await page.getByLabel("HAR file", { exact: true }).setInputFiles(path);
        await wall.getByText("8 exchanges").waitFor();
        await row("/orders/18").first().click();
        await title.filter({ hasText: "PUT /orders/18" }).waitFor();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }

      // How it stands.
      await page.getByRole("link", { name: "Status" }).click();
      await page.getByRole("heading", { name: "All is well" }).waitFor();
      const numbers = page.getByRole("article", { name: "shop" });
      await numbers.getByRole("row", { name: /^HTTP requests [1-9]/ }).waitFor();
      await page.getByRole("row", { name: "authtoken HIDDEN" }).waitFor();
      await shoot("inspector-live-status");
    }));
}
