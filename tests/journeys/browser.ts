/**
 * A real browser for journeys through the pages: Chromium by playwright-core, with a profile of its
 * own, a record of everything that its policy refused, and nobody to call but the page's own host.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { CHROMIUM_ADVICE, findChromium } from "../../scripts/chromium.mjs";
import { ROOT } from "../../scripts/files.ts";

/** Where screenshots are put, a folder for each runtime; CI keeps them. */
const SCREENSHOTS = join(ROOT, ".cache", "screenshots", runtimeName());

/** A step that takes longer hangs. */
const STEP_MS = 20_000;

/** Whether journeys can run: on Linux they must, elsewhere only where there is a browser. */
export const canBrowse: boolean = process.platform === "linux" || findChromium() !== undefined;

/** A page that is watched. */
export interface WatchedPage {
  readonly page: Page;
  /** What its policy refused, and errors of its scripts. */
  readonly faults: string[];
  /** Every host it asked. */
  readonly hosts: Set<string>;
  /** Writes what is in sight to a file. */
  shoot(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A browser that was started. */
export interface OpenBrowser {
  /** A page in a profile of its own. */
  open(options?: BrowserContextOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

/**
 * Starts a browser.
 *
 * @param hosts which names lead to this machine: `*.tunnel.test`
 */
export async function startBrowser(hosts: string): Promise<OpenBrowser> {
  const executablePath = findChromium();
  assert.ok(executablePath, CHROMIUM_ADVICE);
  const browser: Browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${hosts} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
    ],
  });
  return {
    open: (options = {}) => openPage(browser, options),
    close: () => browser.close(),
  };
}

async function openPage(browser: Browser, options: BrowserContextOptions): Promise<WatchedPage> {
  // The authority of the edge under test is nobody this browser knows.
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  const hosts = new Set<string>();
  page.on("console", (message) => {
    const text = message.text();
    // The browser reports what a policy refused as an error. Refusals of the API are part of the journeys, and shown to the person.
    if (message.type() === "error" && !/^Failed to load resource: .* 4\d\d /.test(text)) {
      faults.push(text);
    }
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  return {
    page,
    faults,
    hosts,
    async shoot(name) {
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
    },
    close: () => context.close(),
  };
}

function runtimeName(): string {
  const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown };
  return Deno ? "deno" : Bun ? "bun" : "node";
}
