/**
 * The admin page, clicked through in a real browser against a real edge with real agents.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { TunnelError } from "../../lib/base/errors.ts";
import { test } from "../harness.ts";
import { type AdminStage, API_KEY, onAdminStage } from "./admin_stage.ts";
import { canBrowse, type OpenBrowser, startBrowser, type WatchedPage } from "./browser.ts";
import { visit } from "./kit.ts";
import { DOMAIN } from "./tunnel_suite.ts";

const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  hasTouch: true,
};

/** A journey with an edge and a browser. */
function journey(name: string, run: (stage: AdminStage, browser: OpenBrowser) => Promise<void>) {
  if (!canBrowse) return;
  test(`admin page: ${name}`, () =>
    onAdminStage(async (stage) => {
      const browser = await startBrowser(`*.${DOMAIN}`);
      try {
        await run(stage, browser);
      } finally {
        await browser.close();
      }
    }));
}

async function signIn(page: Page, key = API_KEY): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const tab = (page: Page, name: string) => page.getByRole("tab", { name: new RegExp(`^${name}`) });
const row = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

/** The page broke none of its rules, and asked nobody else. */
function assertClean({ faults, hosts }: WatchedPage, url: string): void {
  assert.deepEqual(faults, []);
  assert.deepEqual([...hosts], [new URL(url).host]);
}

journey(
  "S31 S34 S85 from signing in to signing out, with everything that can be done",
  async (stage, browser) => {
    const { door, edge, url } = stage;
    const agent = await stage.forward("shop", "Shop, staging");
    const watched = await browser.open({ ...DESK, colorScheme: "light" });
    const { page, shoot } = watched;

    await page.goto(url);
    await page.getByRole("heading", { name: "Sallyport" }).waitFor();
    await shoot("light-sign-in");
    await signIn(page, `${API_KEY.slice(0, -1)}x`);
    await page.getByRole("alert").filter({ hasText: "ERR_NGROK_203" }).waitFor();
    await signIn(page);
    await page.getByRole("heading", { name: DOMAIN }).waitFor();

    // What is online, and what passes through it.
    const shop = row(page, `http://shop.${DOMAIN}`);
    await shop.filter({ hasText: "Shop, staging" }).waitFor();
    for (let count = 0; count < 7; count++) {
      const { text } = await visit(door, `http://shop.${DOMAIN}/hello`);
      assert.equal(text, "hello from the service");
    }
    await shop.getByRole("cell").filter({ hasText: /^[\d.]+\/s7$/ }).waitFor();
    await shoot("light-endpoints");
    await stage.forward("blog");
    await row(page, `http://blog.${DOMAIN}`).waitFor();
    await tab(page, "Endpoints").filter({ hasText: "2" }).waitFor();

    // A token that may open one thing; seen once.
    await tab(page, "Authtokens").click();
    await page.getByRole("button", { name: "New authtoken" }).click();
    await page.getByLabel("What is it for?").fill("Preview deployments");
    await page.getByLabel("Only what is listed here").check();
    await page.getByLabel("Kind of rule 1").selectOption("below");
    await page.getByLabel("Rule 1", { exact: true }).fill("not a domain");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("A domain looks like").waitFor();
    await shoot("light-new-authtoken");
    await page.getByLabel("Rule 1", { exact: true }).fill(`dev.${DOMAIN}`);
    await page.getByRole("button", { name: "Create" }).click();
    const once = page.getByRole("dialog", { name: "Copy it now" });
    const token = (await once.getByLabel("Authtoken", { exact: true }).innerText()).trim();
    assert.match(token, /^[0-9A-Za-z]{27}_[0-9A-Za-z]{20,}$/);
    await once.getByRole("button", { name: "Copy: Authtoken" }).click();
    await once.getByRole("status").filter({ hasText: "Copied" }).first().waitFor();
    await shoot("light-authtoken-once");
    await page.keyboard.press("Escape");
    await once.waitFor();
    await once.getByRole("button", { name: "I have copied it" }).click();
    await once.waitFor({ state: "detached" });
    await row(page, "Preview deployments").filter({ hasText: `*.dev.${DOMAIN}` }).waitFor();
    assert.ok(!(await page.content()).includes(token), "seen once");
    await shoot("light-authtokens");

    await row(page, "Preview deployments").getByRole("button", { name: /^Edit/ }).click();
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByLabel("Kind of rule 2").selectOption("label");
    await page.getByLabel("Rule 2", { exact: true }).fill("team=web");
    await page.getByRole("button", { name: "Save" }).click();
    await row(page, "Preview deployments").filter({ hasText: "team=web" }).waitFor();

    // The token does what it says; revoked, it takes its agent with it.
    const guest = await stage.agent(token);
    await guest.forward({ addr: 1, url: `http://one.dev.${DOMAIN}` });
    await assert.rejects(
      guest.forward({ addr: 1, url: `http://other.${DOMAIN}` }),
      (error: TunnelError) => error.ngrokCode === 316,
    );
    await row(page, "Preview deployments").getByRole("button", { name: /^Revoke/ }).click();
    await page.getByRole("dialog").getByText("1 agent of it is cut off now").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await row(page, "Preview deployments").waitFor({ state: "detached" });
    const end = await guest.closed;
    assert.ok([107, 300].includes(end.error?.ngrokCode ?? 0), String(end.error));

    // A domain: added, refused the second time, removed.
    await tab(page, "Domains").click();
    await page.getByText("No domain is reserved").waitFor();
    for (const attempt of ["first", "second"]) {
      await page.getByRole("button", { name: "Add a domain" }).click();
      await page.getByLabel("Domain", { exact: true }).fill("www.example.com");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      if (attempt === "second") break;
      await row(page, "www.example.com").filter({ hasText: "CNAME to" }).waitFor();
    }
    await page.getByRole("alert").filter({ hasText: /\w.*\. ERR_NGROK_4\d\d/ }).waitFor();
    await shoot("light-domain-refused");
    await page.getByRole("button", { name: "Cancel" }).click();
    await shoot("light-domains");
    await page.getByRole("button", { name: "Remove www.example.com" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("No domain is reserved").waitFor();

    // An agent is stopped, and really is.
    await tab(page, "Agents").click();
    const shops = row(page, `shop.${DOMAIN}`);
    await shops.filter({ hasText: "build server" }).waitFor();
    await shoot("light-agents");
    await shops.getByRole("button", { name: /^Restart/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
    await page.getByRole("alert").filter({ hasText: "ERR_NGROK_804" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await shops.getByRole("button", { name: /^Stop/ }).click();
    await page.getByRole("dialog").getByText("and with it 1 endpoint").waitFor();
    await shoot("light-stop");
    await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
    await agent.closed;
    await shops.waitFor({ state: "detached" });
    assert.deepEqual(edge.endpoints().map(({ url }) => new URL(url).hostname), [`blog.${DOMAIN}`]);

    // The certificate of the authority is the edge's own.
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Certificate authority" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "sallyport-ca.pem");

    // Nothing stays behind.
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    const kept = await page.evaluate(() =>
      [
        ...Object.keys(localStorage),
        ...Object.keys(sessionStorage),
        document.cookie,
      ].join()
    );
    assert.equal(kept, "");
    assert.equal(await page.getByLabel("API key").inputValue(), "");
    assertClean(watched, url);
    await watched.close();
  },
);

journey("by keyboard alone", async (stage, browser) => {
  await stage.forward("shop");
  const watched = await browser.open({ ...DESK, colorScheme: "dark" });
  const { page } = watched;
  const press = (key: string) => page.keyboard.press(key);
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      const outlined = activeElement && getComputedStyle(activeElement).outlineStyle !== "none";
      const name = activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "";
      return { name: name.trim(), outlined };
    });
  /** Goes on with Tab until something of that name has the focus; it must be seen to have it. */
  async function reach(name: string): Promise<void> {
    for (let stop = 0; stop < 40; stop++) {
      await press("Tab");
      const at = await focused();
      if (at.name === name) return assert.ok(at.outlined, `the focus on "${name}" is not seen`);
    }
    assert.fail(`no Tab leads to "${name}"`);
  }

  await page.goto(stage.localUrl);
  await page.getByLabel("API key").waitFor();
  await page.keyboard.type(API_KEY);
  await press("Enter");
  await tab(page, "Endpoints").waitFor();
  await reach("Endpoints1");
  await press("ArrowRight");
  await page.getByRole("tabpanel", { name: /^Agents/ }).waitFor();
  await press("End");
  await page.getByRole("tabpanel", { name: /^Domains/ }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/domains");
  await page.goBack();
  await page.getByRole("tabpanel", { name: /^Agents/ }).waitFor();
  await page.goForward();

  await reach("Add a domain");
  await press("Enter");
  await page.getByRole("dialog", { name: "Add a domain" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal((await focused()).name, "Add a domain", "the focus comes back");
  await press("Enter");
  await page.keyboard.type("www.example.com");
  await press("Enter");
  await row(page, "www.example.com").waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await reach("Remove www.example.com");
  await press("Enter");
  const question = page.getByRole("dialog", { name: "Remove this domain?" });
  await question.waitFor();
  assert.equal((await focused()).name, "Cancel", "Enter by mistake removes nothing");
  await press("Tab");
  await press("Enter");
  await question.waitFor({ state: "detached" });
  await page.getByText("No domain is reserved").waitFor();
  assert.equal((await focused()).name, DOMAIN, "what had the focus is gone: it begins anew");

  await press("Shift+Tab");
  assert.equal((await focused()).name, "Sign out");
  await press("Enter");
  await page.getByLabel("API key").waitFor();
  assertClean(watched, stage.localUrl);
  await watched.close();
});

journey("dark, and on a phone", async (stage, browser) => {
  await stage.forward("shop", "Shop, staging");
  await stage.forward("a-rather-long-name-for-a-preview-of-somebody-s-branch-172");
  const parts = ["Endpoints", "Agents", "Authtokens", "Domains"];
  for (
    const [name, options] of [
      ["dark", { ...DESK, colorScheme: "dark" }],
      ["phone", { ...PHONE, colorScheme: "light" }],
      ["phone-dark", { ...PHONE, colorScheme: "dark" }],
    ] as const
  ) {
    const watched = await browser.open(options);
    const { page, shoot } = watched;
    await page.goto(stage.url);
    await page.getByLabel("API key").waitFor();
    await shoot(`${name}-sign-in`);
    await signIn(page);
    for (const part of parts) {
      await tab(page, part).click();
      await page.getByRole("tabpanel", { name: new RegExp(`^${part}`) }).waitFor();
      await shoot(`${name}-${part.toLowerCase()}`);
      await assertFits(page, `${name} ${part}`);
    }
    await tab(page, "Authtokens").click();
    await page.getByRole("button", { name: "New authtoken" }).click();
    await page.getByLabel("Only what is listed here").check();
    await shoot(`${name}-new-authtoken`);
    await assertFits(page, `${name} dialog`);
    await page.keyboard.press("Escape");
    assertClean(watched, stage.url);
    await watched.close();
  }
});

/** Nothing is cut off at the side, everything that can be pressed has a name and is large enough. */
async function assertFits(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => {
    const touch = matchMedia("(pointer: coarse)").matches;
    const problems: string[] = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) problems.push(`${scrollWidth} px wide on ${innerWidth}`);
    for (const button of document.querySelectorAll<HTMLElement>("button, select, input")) {
      const name = button.getAttribute("aria-label") || button.textContent ||
        (button as HTMLInputElement).labels?.[0]?.textContent || "";
      const { width, height, right } = button.getBoundingClientRect();
      if (width === 0) continue;
      if (name.trim() === "") problems.push(`no name: ${button.outerHTML.slice(0, 80)}`);
      if (right > innerWidth) problems.push(`cut off: ${name}`);
      const small = height < 40 || width < 40;
      if (touch && small && (button as HTMLInputElement).type !== "radio") {
        problems.push(`too small to touch: ${name}, ${width} by ${height}`);
      }
    }
    return problems;
  });
  assert.deepEqual(found, [], where);
}

journey("nothing moves while it is refreshed", async (stage, browser) => {
  await stage.forward("shop");
  const watched = await browser.open(DESK);
  const { page } = watched;
  await page.goto(stage.url);
  await page.evaluate(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { hadRecentInput, value } = entry as unknown as {
          hadRecentInput: boolean;
          value: number;
        };
        if (!hadRecentInput) shifts.push(value);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await signIn(page);
  const shop = row(page, `http://shop.${DOMAIN}`);
  await shop.waitFor();
  await page.evaluate(() =>
    Object.assign(globalThis, { first: document.querySelector("tbody tr") })
  );
  for (const total of [3, 12]) {
    const before = Number((await shop.getByRole("cell").nth(2).innerText()).split("\n").at(-1));
    for (let count = before; count < total; count++) {
      await visit(stage.door, `http://shop.${DOMAIN}/bytes?n=${count * 10_000}`);
    }
    await shop.getByRole("cell").filter({ hasText: new RegExp(`/s${total}$`) }).waitFor();
  }
  const { sum, same } = await page.evaluate(() => {
    const { shifts, first } = globalThis as unknown as { shifts: number[]; first: Element };
    const sum = shifts.reduce((sum, shift) => sum + shift, 0);
    return { sum, same: document.querySelector("tbody tr") === first };
  });
  assert.ok(sum < 0.02, `the page moved by ${sum}`);
  assert.ok(same, "the row was made anew");
  assertClean(watched, stage.url);
  await watched.close();
});

journey("its policy holds: what somebody smuggled in does not run", async (stage, browser) => {
  const { page, faults, close } = await browser.open(DESK);
  await page.goto(stage.url);
  await page.getByLabel("API key").waitFor();
  const ran = await page.evaluate(async () => {
    const done: string[] = [];
    const attempt = async (name: string, run: () => unknown) => {
      try {
        await run();
        done.push(name);
      } catch {
        // as it should be
      }
    };
    await attempt("html", () => document.body.innerHTML = "<b>x</b>");
    await attempt("fetch", () => fetch("https://elsewhere.tunnel.test/"));
    const script = document.createElement("script");
    await attempt("script", () => script.textContent = "globalThis.smuggled = true");
    document.head.append(script);
    if ("smuggled" in globalThis) done.push("inline");
    const style = document.createElement("style");
    style.textContent = "body { display: none }";
    document.head.append(style);
    if (getComputedStyle(document.body).display === "none") done.push("style");
    return done;
  });
  assert.deepEqual(ran, []);
  for (const word of ["TrustedHTML", "TrustedScript", "connect-src", "inline style"]) {
    assert.ok(faults.some((fault) => fault.includes(word)), `${word} is seen by these journeys`);
  }

  await page.goto(`http://api.${DOMAIN}:${new URL(`http://${stage.door.http}`).port}`);
  await page.getByText("This page came over plain HTTP").waitFor();
  await close();
});

journey("a key that is revoked while it is used signs the page out", async (stage, browser) => {
  const watched = await browser.open(DESK);
  const { page } = watched;
  await page.goto(stage.localUrl);
  const headers = {
    "authorization": `Bearer ${API_KEY}`,
    "content-type": "application/json",
    "ngrok-version": "2",
  };
  const made = await fetch(`${stage.localUrl}/api_keys`, { method: "POST", headers, body: "{}" });
  const { id, token } = await made.json();
  await signIn(page, token);
  await tab(page, "Endpoints").waitFor();
  const gone = await fetch(`${stage.localUrl}/api_keys/${id}`, {
    method: "DELETE",
    headers,
  });
  assert.equal(gone.status, 204);
  await gone.body?.cancel();
  await page.getByText("does not accept your API key any more").waitFor();
  await page.getByLabel("API key").waitFor();
  assertClean(watched, stage.localUrl);
  await watched.close();
});
