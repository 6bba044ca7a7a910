/**
 * The inspector, clicked through in a real browser. The exchanges are made up (`inspector_stage.ts`),
 * so that every kind of them is there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { FakeAgentApi } from "../fakes/agent_api.ts";
import { test } from "../harness.ts";
import { canBrowse, type OpenBrowser, startBrowser, type WatchedPage } from "./browser.ts";
import { type Cast, fillStage, message } from "./inspector_stage.ts";

const DESK: BrowserContextOptions = {
  viewport: { width: 1280, height: 860 },
  permissions: ["clipboard-read", "clipboard-write"],
};
const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  hasTouch: true,
};

interface Stage {
  readonly api: FakeAgentApi;
  readonly url: string;
  readonly browser: OpenBrowser;
}

function journey(name: string, run: (stage: Stage) => Promise<void>) {
  if (!canBrowse) return;
  test(`inspector page: ${name}`, async () => {
    const api = new FakeAgentApi();
    const url = await api.listen();
    const browser = await startBrowser("*.tunnel.test");
    try {
      await run({ api, url, browser });
    } finally {
      await browser.close();
      await api.close();
    }
  });
}

const list = (page: Page) => page.getByRole("listbox", { name: "Exchanges, newest first" });
const row = (page: Page, text: string) => list(page).getByRole("option").filter({ hasText: text });
const title = (page: Page) => page.locator("#exchange-title");
const pane = (page: Page, name: "Request" | "Response") =>
  page.getByRole("region", { name, exact: true });
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

/** The page broke none of its rules, and asked nobody else. */
function assertClean({ faults, hosts }: WatchedPage, url: string): void {
  assert.deepEqual(faults, []);
  assert.deepEqual([...hosts].filter((host) => host !== ""), [new URL(url).host]);
}

async function open(stage: Stage, options: BrowserContextOptions, id?: string) {
  const watched = await stage.browser.open(options);
  await watched.page.goto(`${stage.url}/inspect/http${id ? `#/${id}` : ""}`);
  await list(watched.page).waitFor();
  return watched;
}

journey("empty at first, then what comes appears at once", async (stage) => {
  const { api, url } = stage;
  const watched = await stage.browser.open({ ...DESK, colorScheme: "light" });
  const { page, shoot } = watched;
  await page.goto(url);
  await page.getByText("Nothing yet").waitFor();
  assert.equal(new URL(page.url()).pathname, "/inspect/http");
  await page.getByRole("heading", { name: "Waiting for visitors" }).waitFor();
  await page.getByRole("link", { name: "https://shop.example.com" }).waitFor();
  await page.getByRole("img", { name: "QR code of https://shop.example.com" }).waitFor();
  await shoot("inspector-light-empty");
  const open = api.add({ target: "/first", status: null });
  await row(page, "/first").click();
  await page.getByText("The service has not answered yet").waitFor();
  const done = api.make({ target: "/first", body: "hello" });
  api.update(open.id, { ...done, id: open.id });
  await pane(page, "Response").getByText("hello").waitFor();
  await page.getByText("1 exchange", { exact: true }).waitFor();
  assertClean(watched, url);
  await watched.close();
});

journey("every kind of body is shown as it is best read", async (stage) => {
  const cast = fillStage(stage.api);
  const watched = await open(stage, { ...DESK, colorScheme: "light" });
  const { page, shoot } = watched;
  const show = async (name: keyof Cast) => {
    await page.evaluate((id) => location.hash = `#/${id}`, cast[name]);
    await page.waitForFunction(
      (id) => document.querySelector(`#row-${id}`)?.getAttribute("aria-selected") === "true",
      cast[name],
    );
    await title(page).waitFor();
  };
  await shoot("inspector-light-list");

  await show("json");
  const request = pane(page, "Request");
  const response = pane(page, "Response");
  await request.getByText("9007199254740993").waitFor();
  await request.getByRole("row", { name: "notify true" }).waitFor();
  await shoot("inspector-light-json");
  // What is folded is out of sight; the path and the value of a line can be copied.
  const tree = request.getByRole("tree", { name: "Request body" });
  const line = (text: string) => tree.getByRole("treeitem").filter({ hasText: text });
  await line('"lines": [').locator(".tree-fold").click();
  await line("2 items").waitFor();
  await line("LAMP-OIL-01").waitFor({ state: "detached" });
  await tree.focus();
  for (const key of ["ArrowDown", "Home", "End", "ArrowUp", "ArrowUp"]) {
    await page.keyboard.press(key);
  }
  await tree.locator('[aria-selected="true"][aria-expanded="false"]').waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await request.getByText("$.lines[0].sku", { exact: true }).waitFor();
  await shoot("inspector-light-folding");
  await page.keyboard.press("p");
  await page.getByText("The path is in the clipboard").waitFor();
  assert.equal(await clipboard(page), "$.lines[0].sku");
  await request.getByRole("button", { name: "Request body: copy the value" }).click();
  await page.getByText("The value is in the clipboard").waitFor();
  assert.equal(await clipboard(page), "LAMP-OIL-01");
  await request.getByRole("button", { name: "Request body: fold all" }).click();
  await line("3 names").waitFor();
  assert.equal(await tree.getByRole("treeitem").count(), 6);
  await request.getByRole("button", { name: "Request body: unfold all" }).click();
  await line("WICK-COTTON").waitFor();
  await request.getByRole("tab", { name: /^Headers/ }).click();
  const header = request.getByRole("row", { name: "Authorization Bearer 2vYkq0Zr" });
  await header.getByRole("button", { name: "Copy Authorization" }).click();
  await page.getByText("The value of Authorization is in the clipboard").waitFor();
  assert.equal(await clipboard(page), "Bearer 2vYkq0Zr");
  await header.getByRole("button", { name: "Filter by this Authorization" }).click();
  await page.getByText("matched 1 of 19").first().waitFor();
  await page.getByRole("button", { name: /^Remove the filter header authorization ==/ }).click();
  await request.getByRole("tab", { name: "Raw" }).click();
  await request.getByText("POST /api/orders?notify=true&source=web HTTP/1.1").waitFor();
  await shoot("inspector-light-raw");
  await request.getByRole("tab", { name: "Hex" }).click();
  await request.getByText("50 4f 53 54 20 2f 61 70  69").waitFor();
  await shoot("inspector-light-hex");

  // Another exchange is looked at in the same way.
  await show("wrong");
  await request.getByText("50 55 54 20 2f 61 70 69").waitFor();
  await page.keyboard.press("]");
  await response.getByRole("tab", { name: "Headers", selected: true }).waitFor();
  await page.keyboard.press("[");
  await request.getByRole("tab", { name: "Summary", selected: true }).waitFor();
  await request.getByRole("alert").filter({ hasText: "line 5, column 3" }).waitFor();
  assert.equal(await request.locator(".tok-wrong").innerText(), "]");
  await shoot("inspector-light-wrong-json");
  await show("xml");
  await response.getByRole("alert").filter({ hasText: '"</itm>" stands where' }).waitFor();
  await request.locator(".code-line").filter({ hasText: "<count>4</count>" }).waitFor();
  await line("<item sku='LAMP'>").locator(".tree-fold").click();
  await line("1 element").waitFor();
  await line("<item sku='WICK'/>").click();
  await request.getByText("/stock/item[2]", { exact: true }).waitFor();
  await shoot("inspector-light-xml");
  await show("graphql");
  await request.getByText("GraphQL: Orders").waitFor();
  await request.getByText("Variables").waitFor();
  await shoot("inspector-light-graphql");
  await show("form");
  await request.getByRole("row", { name: "user grace@example.com" }).waitFor();
  await request.getByRole("row", { name: "next /account/orders" }).waitFor();
  await show("multipart");
  await request.getByText("gate.png · image/png").waitFor();
  const width = await request.getByRole("img").evaluate((image: HTMLImageElement) =>
    image.decode().then(() => image.naturalWidth)
  );
  assert.equal(width, 16, "the picture is drawn");
  await shoot("inspector-light-multipart");
  await show("image");
  await response.getByRole("img", { name: "Response body, an image" }).waitFor();
  await show("html");
  await response.locator(".tok-tag").filter({ hasText: "h1" }).first().waitFor();
  assert.equal(await page.getByRole("heading", { name: "Welcome" }).count(), 0, "only text");
  await show("binary");
  await response.getByRole("region", { name: "Response body, hexadecimal" }).waitFor();
  await show("gzip");
  await response.getByText("without gzip").waitFor();
  await response.locator(".code-line").filter({ hasText: "300" }).waitFor();
  await show("long");
  await request.getByText("Only the beginning was kept").waitFor();
  const replay = page.getByRole("button", { name: "Replay", exact: true });
  assert.equal(await replay.getAttribute("aria-disabled"), "true");
  assertClean(watched, stage.url);
  await watched.close();
});

journey("filters and full text search leave what matches", async (stage) => {
  fillStage(stage.api);
  const watched = await open(stage, { ...DESK, colorScheme: "light" });
  const { page, shoot } = watched;
  const search = page.getByRole("combobox", { name: /^Search bodies/ });
  const wall = page.getByRole("contentinfo");
  await page.keyboard.press("/");
  await search.fill("status >= teapot");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "a number such as 404" }).waitFor();
  await search.fill("status >= 400");
  await page.keyboard.press("Enter");
  await wall.getByText(/matched 3 of 19/).waitFor();

  // Written with what is offered: fields, operators, headers and values that passed.
  const offered = page.getByRole("listbox", { name: "What can be written next" });
  await search.fill("hea");
  await offered.getByRole("option", { name: "header" }).click();
  await search.pressSequentially("x-req");
  await offered.getByRole("option", { name: "x-request-id" }).waitFor();
  await shoot("inspector-light-suggestions");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  await page.waitForFunction(() =>
    document.querySelector<HTMLInputElement>("#search")!.value === "header x-request-id == "
  );
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove the filter header x-request-id == 7f3a" }).click();
  await wall.getByText(/matched 3 of 19/).waitFor();
  await search.fill("me");
  await offered.getByRole("option", { name: "method" }).waitFor();
  await page.keyboard.press("Escape");
  await offered.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Clear the search" }).click();
  await wall.getByText(/matched 3 of 19/).waitFor();

  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  const dialog = page.getByRole("dialog", { name: "Add a filter" });
  await dialog.getByLabel("What", { exact: true }).selectOption("duration");
  await dialog.getByLabel("How").selectOption(">");
  await dialog.getByLabel("Value").fill("soon");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("write 200ms").waitFor();
  await shoot("inspector-light-filter");
  await dialog.getByLabel("Value").fill("1s");
  await page.keyboard.press("Enter");
  await wall.getByText(/matched 1 of 19/).waitFor();
  await row(page, "/api/report").waitFor();
  for (const name of ["status >= 400", "duration > 1s"]) {
    await page.getByRole("button", { name: `Remove the filter ${name}` }).click();
  }
  await wall.getByText("19 exchanges").waitFor();

  await page.getByRole("button", { name: "Add a filter" }).click();
  await dialog.getByLabel("What", { exact: true }).selectOption("header");
  await dialog.getByRole("button", { name: "content-type" }).click();
  await dialog.getByLabel("Value").fill("xml$");
  await dialog.getByRole("button", { name: "Add" }).click();
  await wall.getByText(/matched 1 of 19/).waitFor();
  await row(page, "/soap/stock").waitFor();
  await page.getByRole("button", { name: /^Remove the filter header/ }).click();

  await search.fill("Lamp oil, clear");
  await wall.getByText(/matched 1 of 19/).waitFor();
  // What is found is marked where it stands, in request and response.
  await row(page, "/api/orders?notify").click();
  await title(page).filter({ hasText: "/api/orders" }).waitFor();
  await page.waitForFunction(() => CSS.highlights.get("found")?.size === 2);
  await shoot("inspector-light-found");
  stage.api.add({ target: "/fresh", body: "Lamp oil, clear, again" });
  await row(page, "/fresh").waitFor();
  await search.fill("nobody says this");
  await page.getByText("No exchange matches").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await wall.getByText("20 exchanges").waitFor();

  // What others see move is said.
  const said = (text: RegExp) => page.getByRole("status").filter({ hasText: text });
  stage.api.add({ method: "PUT", target: "/said" });
  await said(/^1 new exchange: PUT \/said, status 200$/).waitFor({ state: "attached" });
  await search.fill("status == 500");
  await said(/^matched 1 of 21$/).waitFor({ state: "attached" });
  assertClean(watched, stage.url);
  await watched.close();
});

journey("replay, many times, with changes; compare; copy", async (stage) => {
  const { api } = stage;
  const cast = fillStage(api);
  const watched = await open(stage, { ...DESK, colorScheme: "light" }, cast.json);
  const { page, shoot } = watched;
  await page.getByRole("button", { name: "Replay", exact: true }).click();
  await page.getByText("A replay of").waitFor();
  assert.deepEqual(api.replays, [{ id: cast.json, body: {} }]);
  await page.getByRole("button", { name: "Compare the two" }).click();
  await page.getByRole("heading", { name: "Two exchanges compared" }).waitFor();
  await page.locator(".diff-added").filter({ hasText: '"replayed": true' }).waitFor();
  await page.getByRole("tab", { name: "Request 0" }).click();
  await page.getByText("There is no difference").waitFor();
  await page.getByRole("tab", { name: /^Response/ }).click();
  await shoot("inspector-light-compare");
  await page.getByRole("button", { name: "The other way round" }).click();
  await page.locator(".diff-removed").filter({ hasText: '"replayed": true' }).waitFor();
  await page.goBack();

  await row(page, "/graphql").click();
  await title(page).filter({ hasText: "/graphql" }).waitFor();
  await page.getByRole("button", { name: "Replay several times" }).click();
  const many = page.getByRole("dialog", { name: "Replay several times" });
  await many.getByLabel("How often").fill("1000");
  await many.getByRole("button", { name: "Send" }).click();
  await many.getByText("A number from 1 to 100").waitFor();
  await many.getByLabel("How often").fill("7");
  await page.keyboard.press("Enter");
  await many.waitFor({ state: "detached" });
  assert.deepEqual(api.replays[1], { id: cast.graphql, body: { times: 7 } });
  await page.getByText("was sent again, 7 times").waitFor();

  await page.evaluate((id) => location.hash = `#/${id}`, cast.json);
  await title(page).filter({ hasText: "/api/orders" }).waitFor();
  await page.getByRole("button", { name: "Edit and replay" }).click();
  const edit = page.getByRole("dialog", { name: "Edit and replay" });
  await edit.getByLabel("Method").fill("PA TCH");
  await edit.getByLabel("Path").fill("/api/orders/99?dry=true");
  await edit.getByLabel("Value of header 5").fill("Bearer other");
  await edit.getByRole("button", { name: "Remove header 6" }).click();
  await edit.getByRole("button", { name: "Add a header" }).click();
  await edit.getByLabel("Name of header 6").fill("X-New");
  await edit.getByLabel("Value of header 6").fill("1");
  await edit.getByRole("button", { name: "Add a trailer" }).click();
  await edit.getByLabel("Name of trailer 1").fill("X-Sum");
  await edit.getByLabel("Value of trailer 1").fill("2");
  await edit.getByLabel("Body").fill('{"total":34}');
  await shoot("inspector-light-edit");
  await edit.getByRole("button", { name: "Send" }).click();
  await edit.getByText("A method is one word").waitFor();
  await edit.getByLabel("Method").fill("PATCH");
  await edit.getByRole("button", { name: "Send" }).click();
  await edit.waitFor({ state: "detached" });
  const { body } = api.replays[2];
  assert.equal(body.method, "PATCH");
  assert.equal(body.target, "/api/orders/99?dry=true");
  assert.equal(atob(body.body_base64!), '{"total":34}');
  assert.deepEqual(body.trailers, [["X-Sum", "2"]]);
  assert.deepEqual(body.headers!.slice(-2), [["Authorization", "Bearer other"], ["X-New", "1"]]);
  await title(page).filter({ hasText: "PATCH /api/orders/99" }).waitFor();

  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByText("The curl command is in the clipboard").waitFor();
  assert.match(await clipboard(page), /^curl \\\n {2}--request PATCH \\\n/);
  await page.getByRole("button", { name: "Copy as fetch" }).click();
  await page.getByText("The call of fetch() is in the clipboard").waitFor();
  assert.match(await clipboard(page), /^const response = await fetch\(/);
  assertClean(watched, stage.url);
  await watched.close();
});

journey("streams: WebSocket frames, events and gRPC messages as they pass", async (stage) => {
  const { api } = stage;
  const cast = fillStage(api);
  const watched = await open(stage, { ...DESK, colorScheme: "light" }, cast.websocket);
  const { page, shoot } = watched;
  const messages = page.getByRole("listbox", { name: "Messages, oldest first" });
  const said = (text: string) => messages.getByRole("option").filter({ hasText: text });
  await said("1001 going away").waitFor();
  assert.equal(await messages.getByRole("option").count(), 7);
  await said('"id":18').click();
  const whole = page.getByRole("region", { name: "Message", exact: true });
  await whole.getByRole("treeitem").filter({ hasText: '"Ada"' }).waitFor();
  await whole.getByRole("button", { name: "Copy the message" }).click();
  await page.getByText("The message is in the clipboard").waitFor();
  assert.match(await clipboard(page), /^\{"order":\{"id":18,/);
  await page.keyboard.press("m");
  await page.keyboard.press("ArrowDown");
  await messages.locator('[aria-selected="true"]').filter({ hasText: "ping" }).waitFor();
  await shoot("inspector-light-websocket");
  await page.getByRole("img", { name: "7 messages by their time" }).locator(".lane-visitor").first()
    .dispatchEvent("click");
  await messages.locator('[aria-selected="true"]').filter({ hasText: "subscribe" }).waitFor();
  await page.getByLabel("Whose messages").selectOption("visitor");
  await page.waitForFunction(() => document.querySelectorAll(".message").length === 3);
  await page.getByLabel("Search messages").fill("since");
  await page.waitForFunction(() => document.querySelectorAll(".message").length === 1);

  await row(page, "/events").click();
  await said("3.75").waitFor();
  const before = api.exchanges.find(({ id }) => id === cast.events)!;
  const late = message({ kind: "sse", text: "last words", at_ms: 9_000, opcode: null });
  api.update(cast.events, { messages: [...before.messages, late], message_count: 5 });
  await said("last words").waitFor();
  await shoot("inspector-light-events");
  await row(page, "/stock.Stock/Watch").click();
  await said("4c 41 4d 50").first().waitFor();
  assertClean(watched, stage.url);
  await watched.close();
});

journey("HAR goes out and comes in; clearing asks first", async (stage) => {
  const { api } = stage;
  fillStage(api);
  const folder = await mkdtemp(join(tmpdir(), "sallyport-inspector-"));
  const watched = await open(stage, DESK);
  const { page, shoot } = watched;
  try {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Save all as HAR" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "sallyport.har");
    const path = join(folder, "saved.har");
    await download.saveAs(path);
    assert.equal(JSON.parse(readFileSync(path, "utf8")).log.entries.length, 19);
    const file = page.getByLabel("HAR file", { exact: true });
    await file.setInputFiles(path);
    await page.getByText("saved.har was taken in").waitFor();
    await row(page, "/imported").waitFor();
    const wrong = join(folder, "wrong.har");
    writeFileSync(wrong, "no");
    await file.setInputFiles(wrong);
    await page.getByText("The file is no HAR").waitFor();
    await page.getByRole("button", { name: "Clear all" }).click();
    await shoot("inspector-light-clear");
    await page.getByRole("dialog").getByRole("button", { name: "Clear" }).click();
    await page.getByText("Nothing yet").waitFor();
    assert.equal(api.exchanges.length, 0);
    assertClean(watched, stage.url);
  } finally {
    await watched.close();
    await rm(folder, { recursive: true, force: true });
  }
});

journey("status, messages, and an agent that goes away and comes back", async (stage) => {
  const { api } = stage;
  const cast = fillStage(api);
  api.status = { ...api.status, notices: ["Your plan ends tomorrow."] };
  const watched = await open(stage, { ...DESK, colorScheme: "light" });
  const { page, shoot } = watched;
  await page.getByText("Your plan ends tomorrow.").waitFor();
  await page.getByRole("button", { name: "Dismiss this message" }).click();
  await page.getByText("Your plan ends tomorrow.").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Status" }).click();
  await page.getByRole("heading", { name: "All is well" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/status");
  const web = page.getByRole("article", { name: "web" });
  await web.getByRole("row", {
    name: /^HTTP requests 4.312 3 4.2\/s 2.9\/s 1.1\/s 12 ms 48 ms 97 ms 1.2 s/,
  })
    .waitFor();
  await page.getByRole("row", { name: "web_addr 127.0.0.1:4040" }).waitFor();
  for (let count = 0; count < 20; count++) {
    const [web, ssh] = api.status.endpoints;
    const http = { ...web.http, rate1: 4 + Math.sin(count) * 2, p50: 1e7 + count * 1e6 };
    const conns = { ...web.conns, gauge: count % 7 };
    api.tell({
      type: "status",
      status: { ...api.status, endpoints: [{ ...web, http, conns }, ssh] },
    });
  }
  await page.waitForFunction(() =>
    (document.querySelector(".spark-line")?.getAttribute("d") ?? "").length > 60
  );
  await shoot("inspector-light-status");
  const dots = page.locator(".scatter-dot");
  assert.ok(await dots.count() > 8);
  api.tell({
    type: "status",
    status: {
      ...api.status,
      session: {
        ...api.status.session,
        status: "reconnecting",
        error: "The edge closed the session",
      },
    },
  });
  await page.getByRole("heading", { name: "Reconnecting" }).waitFor();
  await page.getByRole("alert").filter({ hasText: "The edge closed the session" }).waitFor();

  await page.getByRole("link", { name: "Exchanges" }).click();
  api.drop();
  await page.getByText("Agent away").waitFor();
  api.exchanges.splice(0, 5);
  await page.getByRole("status").filter({ hasText: "Online" }).waitFor();
  await page.getByRole("contentinfo").getByText("14 exchanges").waitFor();
  await page.evaluate((id) => location.hash = `#/${id}`, cast.image);
  await page.getByText("has made room for newer ones").waitFor();
  await page.getByRole("button", { name: "Back to the list" }).click();
  await page.getByRole("heading", { name: "Choose an exchange" }).waitFor();
  watched.faults.splice(0, Infinity, ...watched.faults.filter((fault) => !/ERR_/.test(fault)));
  assertClean(watched, stage.url);
  await watched.close();
});

journey("by keyboard alone, with names for everything", async (stage) => {
  const { api } = stage;
  fillStage(api);
  const watched = await open(stage, { ...DESK, colorScheme: "dark" });
  const { page, shoot } = watched;
  const press = (key: string) => page.keyboard.press(key);
  await row(page, "/api/orders?notify").waitFor();
  await press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await help.getByText("Edit and replay").waitFor();
  await shoot("inspector-dark-keys");
  await press("Escape");
  await help.waitFor({ state: "detached" });
  await press("j");
  await title(page).filter({ hasText: "POST /api/orders" }).waitFor();
  await press("ArrowDown");
  await title(page).filter({ hasText: "/half" }).waitFor();
  await page.getByRole("alert").filter({ hasText: "closed the connection" }).waitFor();
  await press("k");
  await title(page).filter({ hasText: "/api/orders" }).waitFor();
  await press("r");
  await page.getByText("A replay of").waitFor();
  assert.equal(api.replays.length, 1);
  await press("y");
  await page.getByText("The curl command is in the clipboard").waitFor();
  await press("e");
  await page.getByRole("dialog", { name: "Edit and replay" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await press("n");
  await page.getByRole("dialog", { name: "Replay several times" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await press("c");
  await page.getByText("Choose the exchange to compare with").waitFor();
  await press("Escape");
  await page.getByText("Choose the exchange to compare with").waitFor({ state: "detached" });
  await press("c");
  await press("j");
  await page.waitForFunction(() =>
    document.querySelector('.row[aria-selected="true"]')?.getAttribute("aria-posinset") === "2"
  );
  await press("c");
  await page.getByRole("heading", { name: "Two exchanges compared" }).waitFor();
  await press("Escape");
  await page.getByRole("heading", { name: "Two exchanges compared" }).waitFor({
    state: "detached",
  });
  await press("End");
  await title(page).filter({ hasText: "/assets/gate.png" }).waitFor();
  await press("Escape");
  await page.getByRole("heading", { name: "Choose an exchange" }).waitFor();
  const focused = await page.evaluate(() => document.activeElement?.id);
  assert.equal(focused, "exchanges");
  await press("Home");
  await title(page).waitFor();
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "exchange-title");
  // The list is as wide as the person wants it, also after a reload.
  const width = () => page.locator(".side").evaluate((side) => side.getBoundingClientRect().width);
  const before = await width();
  await page.getByRole("separator", { name: "Width of the list" }).focus();
  await press("ArrowRight");
  await press("ArrowRight");
  const isWide = (px: number) =>
    page.waitForFunction(
      (px) => document.querySelector(".side")!.getBoundingClientRect().width > px,
      px,
    );
  await isWide(before + 30);
  await page.reload();
  await list(page).waitFor();
  // It is remembered.
  await isWide(before + 30);
  await page.getByRole("separator", { name: "Width of the list" }).dblclick();
  await page.waitForFunction(
    (px) => document.querySelector(".side")!.getBoundingClientRect().width === px,
    before,
  );
  await press("t");
  await press("2");
  await page.getByRole("heading", { name: "All is well" }).waitFor();
  await press("1");
  await press("X");
  const clear = page.getByRole("dialog", { name: "Clear all exchanges?" });
  await clear.waitFor();
  await press("Enter");
  await clear.waitFor({ state: "detached" });
  assert.ok(api.exchanges.length > 0, "Enter by mistake clears nothing");
  assertClean(watched, stage.url);
  await watched.close();
});

journey("ten thousand exchanges: few elements, quick steps", async (stage) => {
  const { api } = stage;
  for (let count = 0; count < 10_000; count++) {
    api.exchanges.push(api.make({ target: `/item/${count}`, agoMs: 20_000_000 - count * 1_000 }));
  }
  const watched = await open(stage, DESK);
  const { page } = watched;
  await page.getByRole("contentinfo").getByText(/^10.000 exchanges/).waitFor();
  const elements = () => page.evaluate(() => document.querySelectorAll("*").length);
  assert.ok(await elements() < 1_500, `${await elements()} elements`);
  const startedMs = performance.now();
  await page.keyboard.press("End");
  await title(page).filter({ hasText: "/item/0" }).waitFor();
  for (let count = 0; count < 30; count++) await page.keyboard.press("k");
  await title(page).filter({ hasText: "/item/30" }).waitFor();
  const seconds = (performance.now() - startedMs) / 1_000;
  assert.ok(seconds < 15, `31 steps took ${seconds} s`);
  const selected = list(page).locator('[aria-selected="true"]');
  assert.equal(await selected.getAttribute("aria-posinset"), "9970");
  assert.equal(await selected.getAttribute("aria-setsize"), "10000");
  // A burst: the page draws, and what is read stays where it is.
  const top = await selected.evaluate((row) => row.getBoundingClientRect().top);
  for (let count = 0; count < 500; count++) api.add({ target: `/burst/${count}` });
  await page.getByRole("contentinfo").getByText(/^10.500 exchanges/).waitFor();
  await page.waitForFunction(() =>
    document.querySelector('#exchanges [aria-selected="true"]')?.getAttribute("aria-posinset") ===
      "10470"
  );
  assert.equal(await selected.evaluate((row) => row.getBoundingClientRect().top), top);
  assert.ok(await elements() < 1_600, `${await elements()} elements`);
  await page.getByRole("combobox", { name: /^Search bodies/ }).fill("path == /item/77");
  await page.keyboard.press("Enter");
  await page.getByText(/matched 1 of 10.500/).waitFor();
  assertClean(watched, stage.url);
  await watched.close();
});

journey("dark, and on a phone; nothing is cut off, everything has a name", async (stage) => {
  const cast = fillStage(stage.api);
  const places: readonly (readonly [string, string])[] = [
    ["list", "/inspect/http"],
    ["json", `/inspect/http#/${cast.json}`],
    ["wrong-json", `/inspect/http#/${cast.wrong}`],
    ["websocket", `/inspect/http#/${cast.websocket}`],
    ["multipart", `/inspect/http#/${cast.multipart}`],
    ["compare", `/inspect/http#/${cast.json}/${cast.graphql}`],
    ["status", "/status"],
  ];
  for (
    const [name, options] of [
      ["dark", { ...DESK, colorScheme: "dark" }],
      ["phone", { ...PHONE, colorScheme: "light" }],
      ["phone-dark", { ...PHONE, colorScheme: "dark" }],
    ] as const
  ) {
    const watched = await stage.browser.open(options);
    const { page, shoot } = watched;
    // The same two things at once were seen each by itself.
    const seen = name === "phone-dark" ? places.filter(([place]) => place === "json") : places;
    for (const [place, path] of seen) {
      await page.goto("about:blank");
      await page.goto(stage.url + path);
      // On a phone the list is away while an exchange is shown.
      const shown = path.includes("#") ? ".detail" : ".row, .figures";
      await page.locator(shown).first().waitFor();
      await shoot(`inspector-${name}-${place}`);
      await assertFits(page, `${name} ${place}`);
    }
    if (name === "phone") {
      await page.goto(`${stage.url}/inspect/http`);
      await row(page, "/graphql").click();
      await page.getByRole("button", { name: "Edit and replay" }).click();
      await shoot("inspector-phone-edit");
      await assertFits(page, "phone edit");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Compare", exact: true }).click();
      await page.getByText("Choose the exchange to compare with").waitFor();
      await row(page, "/upload").click();
      await page.getByRole("heading", { name: "Two exchanges compared" }).waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await page.getByRole("button", { name: "Exchanges" }).click();
      await row(page, "/graphql").waitFor();
    }
    assertClean(watched, stage.url);
    await watched.close();
  }
});

/** Nothing is cut off at the side; what can be pressed has a name and is large enough; ids are unique. */
async function assertFits(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => {
    const touch = matchMedia("(pointer: coarse)").matches;
    const problems: string[] = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) problems.push(`${scrollWidth} px wide on ${innerWidth}`);
    const controls = 'button, a, select, textarea, input:not([type="file"]), [role="listbox"]';
    for (const control of document.querySelectorAll<HTMLElement>(controls)) {
      const { width, height, right } = control.getBoundingClientRect();
      if (width === 0) continue;
      const name = control.getAttribute("aria-label") || control.textContent ||
        (control as HTMLInputElement).labels?.[0]?.textContent || "";
      if (name.trim() === "") problems.push(`no name: ${control.outerHTML.slice(0, 80)}`);
      if (right > innerWidth + 1) problems.push(`cut off: ${name}`);
      const isInText = control.matches("p a, li a, .notice *, .try-link, .endpoint a");
      if (touch && !isInText && (height < 40 || width < 40)) {
        problems.push(`too small to touch: ${name}, ${width} by ${height}`);
      }
    }
    for (const image of document.querySelectorAll('img, [role="img"]')) {
      if (!image.getAttribute("alt") && !image.getAttribute("aria-label")) {
        problems.push("an image without words");
      }
    }
    for (const region of document.querySelectorAll('[role="region"], [role="tabpanel"]')) {
      const by = region.getAttribute("aria-labelledby");
      const named = region.getAttribute("aria-label") ?? (by && document.getElementById(by));
      if (!named) problems.push(`a region without a name: ${region.className}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    for (const id of ids) {
      if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`two elements are called ${id}`);
    }
    if (document.querySelectorAll("h1").length !== 1) problems.push("there is to be one h1");
    return problems;
  });
  assert.deepEqual(found, [], where);
}
