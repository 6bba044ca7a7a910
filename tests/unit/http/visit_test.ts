/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import type { HttpError } from "../../../lib/http/fault.ts";
import type { RequestHead } from "../../../lib/http/head.ts";
import { type Then, Visit, type VisitLimits } from "../../../lib/http/visit.ts";
import { CountedConn } from "../../fakes/fetch_scene.ts";
import { latin1Bytes, Peer, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const LIMITS: VisitLimits = { headMs: 100, keepAliveMs: 1000, idleMs: 50, lingerMs: 10 };

/** Answers each target with what its table says, and writes down what it hears. */
class TableVisit extends Visit<CountedConn> {
  readonly over: Promise<void>;
  readonly heard: string[] = [];
  readonly served: string[] = [];
  readonly #answers: Record<string, Then | (() => Then | Promise<Then>)>;
  idleAgain = 0;
  expectedRead: Promise<unknown> | undefined;

  constructor(
    conn: CountedConn,
    clock: FakeClock,
    answers: Record<string, Then | (() => Then | Promise<Then>)> = {},
  ) {
    super(conn, clock, LIMITS, { maxBytes: 200 });
    this.#answers = answers;
    this.over = this.run();
  }

  protected override async serve(head: RequestHead): Promise<Then> {
    this.served.push(head.target);
    this.watchdog.set(0);
    const answer = this.#answers[head.target] ?? "keep";
    await this.conn.write(latin1Bytes(`<${head.target}>`));
    return typeof answer === "function" ? await answer() : answer;
  }

  protected override refuse(error: HttpError): Uint8Array {
    return latin1Bytes(`refused ${error.fault}`);
  }

  protected override refuseSlow(limitMs: number): Uint8Array {
    return latin1Bytes(`slow ${limitMs}`);
  }

  protected override onExpired(): void {
    this.heard.push("expired");
  }

  protected override onNews(news: string): void {
    this.heard.push(news);
  }

  protected override onCut(error: TunnelError): void {
    this.heard.push(`cut ${error.code}`);
  }

  protected override onOver(): void {
    this.heard.push("over");
  }

  protected override onIdleExpired(): boolean {
    if (this.idleAgain-- <= 0) return true;
    this.watchdog.set(500);
    return false;
  }

  protected override get reading(): Promise<unknown> | undefined {
    return this.expectedRead;
  }
}

function stage(
  answers: Record<string, Then | (() => Then | Promise<Then>)> = {},
  highWaterBytes = 65_536,
) {
  const clock = new FakeClock();
  const [near, far] = pair({ highWaterBytes });
  const conn = new CountedConn(near as Duplex);
  return { clock, conn, visitor: new Peer(far), visit: new TableVisit(conn, clock, answers) };
}

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
}

test("Visit serves requests in order, one after the other", async () => {
  let finish!: () => void;
  const { visitor, visit } = stage({
    "/1": () => new Promise((resolve) => finish = () => resolve("keep")),
  });
  await visitor.send(get("/1") + get("/2"));
  assert.equal(await visitor.arrived(), "</1>");
  finish();
  await visitor.expect("</1></2>");
  visitor.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "");
  await visit.over;
  assert.deepEqual(visit.heard.at(-1), "over");
  assert.equal(visit.heard.includes("cut"), false);
});

test("Visit lets others have their turn while it serves many requests that came in one piece", async () => {
  const { visitor, visit, clock } = stage();
  let turns = 0;
  clock.turnEnd = (run) => {
    turns++;
    queueMicrotask(run);
  };
  await visitor.send(get("/").repeat(100));
  await visitor.expect("</>".repeat(100));
  assert.equal(turns, 3);
  visitor.duplex.closeWrite();
  await visit.over;
});

test("Visit ends in order when a request says so: it reads on until the visitor ends", async () => {
  const { visitor, visit, conn } = stage({ "/1": "close" });
  await visitor.send(get("/1") + get("/2"));
  assert.equal(await visitor.readToEnd(), "</1>");
  for (let turn = 0; turn < 5; turn++) await visitor.send("x".repeat(65_536));
  visitor.duplex.closeWrite();
  await visit.over;
  assert.equal(conn.aborted, false);
  assert.deepEqual(visit.served, ["/1"]);
});

test("Visit cuts a visitor that does not take its leave in time", async () => {
  const { visitor, visit, conn, clock } = stage({ "/1": "close" });
  await visitor.send(get("/1"));
  await clock.advance(9);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
  assert.equal(clock.pending, 0);
});

test("Visit waits for a read that a request left under way before it reads itself", async () => {
  const { visitor, visit, conn } = stage({
    "/1": () => {
      visit.expectedRead = Promise.resolve(conn.read());
      return "close";
    },
  });
  await visitor.send(get("/1"));
  await visitor.expect("</1>");
  await settle();
  const { reads } = conn;
  await visitor.send("x");
  visitor.duplex.closeWrite();
  await visit.over;
  assert.ok(conn.reads > reads);
});

test("Visit does nothing more with a connection that a request took over", async () => {
  const { visitor, visit, conn, clock } = stage({ "/1": "over" });
  await visitor.send(get("/1") + get("/2"));
  await visit.over;
  assert.equal(await visitor.arrived(), "</1>");
  assert.equal(conn.aborted, false);
  assert.equal(clock.pending, 0);
});

test("Visit cuts the visitor when a request throws", async () => {
  const { visitor, visit, conn } = stage({
    "/1": () => {
      throw new Error("broken");
    },
  });
  await visitor.send(get("/1"));
  await visit.over;
  assert.equal(conn.aborted, true);
  assert.deepEqual(visit.heard.slice(-2), ["cut internal", "over"]);
});

test("Visit refuses what it cannot read, and a head that is too large or too slow", async () => {
  const table: [string, string][] = [
    ["GET / HTTP/1.1\r\n\r\n", "refused host_missing"],
    [get("/" + "x".repeat(200)), "refused target_too_long"],
  ];
  for (const [request, answer] of table) {
    const { visitor, visit } = stage();
    await visitor.send(request + get("/2"));
    assert.equal(await visitor.readToEnd(), answer);
    visitor.duplex.closeWrite();
    await visit.over;
    assert.deepEqual(visit.served, []);
  }
  for (const before of ["", get("/1")]) {
    const { visitor, visit, clock } = stage();
    await visitor.send(before);
    await clock.advance(before === "" ? 0 : 500);
    await visitor.send("GET /");
    await clock.advance(99);
    await visitor.send("2");
    await clock.advance(1);
    assert.equal(await visitor.readToEnd(), (before && "</1>") + "slow 100");
    visitor.duplex.closeWrite();
    await visit.over;
  }
});

test("Visit cuts a visitor that does not take the refusal", async () => {
  const { visitor, visit, clock, conn } = stage({}, 1);
  await visitor.send("GET / HTTP/1.1\r\n\r\n");
  await clock.advance(49);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
});

test("Visit closes idle connections without a word, unless the subclass has something else to end", async () => {
  const silent = stage();
  await silent.clock.advance(100);
  assert.equal(await silent.visitor.readToEnd(), "");
  silent.visitor.duplex.closeWrite();
  await silent.visit.over;

  const idle = stage();
  idle.visit.idleAgain = 1;
  await idle.visitor.send(get("/1"));
  await idle.clock.advance(1000);
  await idle.clock.advance(499);
  assert.equal(await idle.visitor.arrived(), "</1>");
  assert.equal(await idle.visitor.atEnd(), false);
  await idle.visitor.expect("</1>");
  await idle.clock.advance(1);
  assert.equal(await idle.visitor.atEnd(), true);
  idle.visitor.duplex.closeWrite();
  await idle.visit.over;
});

test("Visit gives the deadline of a request to whoever serves it", async () => {
  let finish!: () => void;
  const { visitor, visit, clock } = stage({
    "/1": () => {
      visit.watchdog.set(7);
      return new Promise((resolve) => finish = () => resolve("close"));
    },
  });
  await visitor.send(get("/1"));
  await clock.advance(7);
  assert.ok(visit.heard.includes("expired"));
  finish();
  visitor.duplex.closeWrite();
  await visit.over;
});

test("drain() ends at once what is idle, and lets a request or a head under way end first", async () => {
  const idle = stage();
  await idle.visitor.send(get("/1"));
  await idle.visitor.expect("</1>");
  await settle();
  idle.visit.drain();
  assert.equal(await idle.visitor.readToEnd(), "");
  idle.visitor.duplex.closeWrite();
  await idle.visit.over;

  const busy = stage();
  await busy.visitor.send("GET /1 HTTP");
  await settle();
  busy.visit.drain();
  await busy.visitor.send("/1.1\r\nHost: a\r\n\r\n" + get("/2"));
  assert.equal(await busy.visitor.readToEnd(), "</1>");
  assert.equal(busy.visit.draining, true);
  busy.visitor.duplex.closeWrite();
  await busy.visit.over;
});

test("abort() ends a visit wherever it stands", async () => {
  for (const before of ["", "GET /", get("/wait")]) {
    const { visitor, visit, conn } = stage({ "/wait": () => conn.closed.then(() => "over") });
    await visitor.send(before);
    await settle();
    visit.abort();
    await visit.over;
  }
});
