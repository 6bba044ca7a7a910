/**
 * The admin page in states that a real edge is slow to get into: much that is going on, many kinds of
 * objects, an edge that goes away and comes back. A stub answers in its place.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { adminRoutes } from "../../lib/api/admin.ts";
import { problem } from "../../lib/api/problem.ts";
import { systemClock } from "../../lib/base/clock.ts";
import type { EndpointInfo, SessionInfo } from "../../lib/edge/info.ts";
import { AdminStub } from "../fakes/admin_stub.ts";
import { serveNode } from "../fakes/serve_node.ts";
import { test } from "../harness.ts";
import { canBrowse, startBrowser } from "./browser.ts";

const DAY_MS = 86_400_000;

const ago = (ms: number) => new Date(Date.now() - ms).toISOString().replace(/\.\d+Z/, "Z");
const ksuid = (number: number) => `2Pq${String(number).padStart(24, "x")}`;

/** Address, upstream, description, age; requests and bytes out per second. */
const ENDPOINTS = [
  ["https://shop.tunnels.example.com", "http://localhost:8080", "Shop, staging", 0.5, 31, 3.2e6],
  ["https://api.tunnels.example.com", "http://localhost:3000", "", 0.2, 3, 17e3],
  ["https://preview.dev.acme.io", "http://10.0.0.12:4173", "Pull request 172", 0.01, 0, 0],
  ["tcp://tunnels.example.com:20022", "localhost:22", "ssh of the build server", 9, 0, 28e3],
  ["tls://mail.acme.io:443", "localhost:443", "", 2, 0.2, 900],
] as const;

/** More than anybody reads. */
const PREVIEWS = Array.from({ length: 12 }, (_, at) => ({
  id: `ep_${ksuid(100 + at)}`,
  url: `https://preview-${at + 8}.dev.acme.io`,
  upstream_url: `http://10.0.0.${at}:4173`,
  created_at: ago(DAY_MS),
}));

const AGENTS = [
  ["203.0.113.24", "linux", "0.1.0", "build server", 9, 0.8],
  ["198.51.100.7", "darwin", "3.18.4", "", 0.2, 38.2],
  ["2001:db8:4f:1::17", "windows", "0.1.0", "", 0.01, 112],
] as const;

/** An edge in the middle of its day. */
function busyEdge(): AdminStub {
  const stub = new AdminStub(() => Date.now());
  stub.endpoints = ENDPOINTS.map(([url, upstream_url, description, days], at) => ({
    id: `ep_${ksuid(at)}`,
    url,
    upstream_url,
    description,
    created_at: ago(days * DAY_MS),
  }));
  stub.sessions = AGENTS.map(([ip, os, agent_version, metadata, days], at) => ({
    id: `ts_${ksuid(at)}`,
    ip,
    os,
    agent_version,
    metadata,
    credential: { id: `cr_${ksuid(at)}` },
    started_at: ago(days * DAY_MS),
  }));
  stub.credentials = [
    { description: "Build server", acl: [] },
    { description: "Laptop of Ada", acl: ["bind:*.dev.acme.io", "bind:shop.tunnels.example.com"] },
    { description: "", acl: ["bind:tunnels.example.com:20022"] },
    { description: "Previews", acl: ["bind:*.preview.acme.io", "bind:team=web"] },
  ].map((facts, at) => ({ ...facts, id: `cr_${ksuid(at)}`, created_at: ago(at * 3 * DAY_MS) }));
  const policy = { certificate_management_policy: { authority: "letsencrypt" } };
  stub.domains = [
    { domain: "shop.tunnels.example.com", description: "Shop, staging" },
    {
      domain: "*.dev.acme.io",
      description: "Previews",
      cname_target: "ab12cd.cname.tunnels.example.com",
      ...policy,
      certificate_management_status: { renews_at: "2027-01-14T00:00:00Z" },
    },
    {
      domain: "mail.acme.io",
      cname_target: "q81zx0.cname.tunnels.example.com",
      ...policy,
      certificate_management_status: {
        provisioning_job: { error_code: "DNS_ERROR", msg: "The name leads elsewhere." },
      },
    },
  ].map((facts, at) => ({ ...facts, id: `rd_${ksuid(at)}`, created_at: ago(at * 2 * DAY_MS) }));
  const startedMs = Date.now();
  const passed = (perSecond: number) => {
    const seconds = (Date.now() - startedMs) / 1000;
    return Math.round(perSecond * (seconds + 90 + 3 * Math.sin(seconds / 2)));
  };
  stub.edge = {
    ...stub.edge,
    endpoints: () =>
      stub.endpoints.map(({ id }, at) => {
        const [, , , , requests, outBytes] = ENDPOINTS[at] ?? ["", "", "", 0, 0, 0];
        const ksuid = String(id).slice("ep_".length);
        return {
          id: ksuid,
          ksuid,
          accountId: "ac_1",
          traffic: {
            requests: passed(requests),
            open: at,
            inBytes: passed(outBytes / 70),
            outBytes: passed(outBytes),
          },
        } as unknown as EndpointInfo;
      }),
    sessions: () =>
      AGENTS.map(([, , , , , latencyMs], at) => ({
        id: `ts_${ksuid(at)}`,
        accountId: "ac_1",
        latencyMs,
        openStreams: 3 * at,
        endpointIds: ENDPOINTS.flatMap((_, index) => index % 3 === at ? ksuid(index) : []),
      } as unknown as SessionInfo)),
  };
  return stub;
}

if (canBrowse) {
  test("admin page: a busy edge, and one that goes away and comes back", async () => {
    const stub = busyEdge();
    let isThere = true;
    const app = new Hono();
    app.use(async (context, next) => isThere ? await next() : context.text("gone", 502));
    app.route(
      "/",
      adminRoutes({
        edge: stub.edge,
        clock: systemClock,
        authenticate: (request) =>
          stub.authenticate(request)
            ? Promise.resolve({ accountId: "ac_1" })
            : Promise.reject(problem(203, "Nobody has that key")),
      }),
    );
    app.route("/", stub.routes());
    const served = await serveNode((request) => app.fetch(request));
    const browser = await startBrowser("*.test");
    try {
      for (const colorScheme of ["light", "dark"] as const) {
        const viewport = { width: 1280, height: 860 };
        const { page, shoot, close } = await browser.open({ viewport, colorScheme });
        await page.goto(served.url);
        await page.getByLabel("API key").fill(stub.key);
        await page.keyboard.press("Enter");
        const shop = page.getByRole("row").filter({ hasText: "Shop, staging" });
        await shop.filter({ hasText: /MB\/s/ }).waitFor();
        await shoot(`busy-${colorScheme}-endpoints`);
        for (const name of ["Agents", "Authtokens", "Domains"]) {
          await page.getByRole("tab", { name }).click();
          await shoot(`busy-${colorScheme}-${name.toLowerCase()}`);
        }
        await page.getByText("The name leads elsewhere.").waitFor();
        if (colorScheme === "light") {
          // Many rows are found and put in order.
          await page.keyboard.press("1");
          await shop.waitFor();
          stub.endpoints = [...stub.endpoints, ...PREVIEWS];
          const find = page.getByRole("searchbox", { name: /^Find in/ });
          await find.waitFor();
          await page.keyboard.press("/");
          await page.keyboard.type("acme preview-17");
          await page.getByText("1 of 17").waitFor();
          await shoot("busy-light-find");
          await find.fill("");
          const first = page.getByRole("row").nth(1);
          await page.getByRole("button", { name: "Address" }).click();
          await first.filter({ hasText: "api.tunnels.example.com" }).waitFor();
          await page.getByRole("button", { name: "Address" }).click();
          await first.filter({ hasText: "tls://mail.acme.io" }).waitFor();
          await page.getByRole("columnheader", { name: "Address" })
            .and(page.locator('[aria-sort="descending"]')).waitFor();
          await shoot("busy-light-sorted");
          stub.endpoints = stub.endpoints.slice(0, ENDPOINTS.length);
          await find.waitFor({ state: "detached" });
        } else {
          await page.getByRole("tab", { name: "Endpoints" }).click();
        }
        if (colorScheme === "dark") {
          isThere = false;
          await page.getByText("Trying again").waitFor();
          assert.equal(await shop.count(), 1, "what was known stays in sight");
          await shoot("busy-dark-lost");
          isThere = true;
          await page.getByText("Live", { exact: true }).waitFor();
        }
        await close();
      }
    } finally {
      await browser.close();
      await served.close();
    }
  });
}
