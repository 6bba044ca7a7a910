/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { newId } from "../../../lib/base/ids.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import type { EdgeEvent, SessionEnded, SessionStarted } from "../../../lib/edge/events.ts";
import { SessionHistory } from "../../../lib/edge/session_history.ts";
import type { Store } from "../../../lib/store/store.ts";
import { test } from "../../harness.ts";
import { addAccount, withStore } from "../store/rows.ts";

let atMs = 1_700_000_000_000;

function started(accountId: string, more: Partial<SessionStarted> = {}): SessionStarted {
  atMs += 1_000;
  return {
    type: "session_started",
    atMs,
    sessionId: newId("ts", atMs),
    clientId: "c1",
    accountId,
    resumed: false,
    remote: "192.0.2.1:4000",
    userAgent: "agent/1",
    tokenId: "cr_1",
    agentVersion: "1.2.3",
    os: "linux",
    arch: "amd64",
    metadata: "m",
    protocolVersion: "3",
    ...more,
  };
}

function ended(start: SessionStarted, reason?: string): SessionEnded {
  const { sessionId, clientId, accountId, tokenId } = start;
  atMs += 1_000;
  const ended = { sessionId, clientId, accountId, tokenId, reason };
  return { type: "session_ended", atMs, windowStalls: 0, ...ended };
}

function history(
  store: Pick<Store, "transaction">,
  clock = new FakeClock(),
  logger: Logger = silentLogger,
): SessionHistory {
  return new SessionHistory({ store, clock, logger, maxSessions: 3 });
}

test("SessionHistory writes down who came, from where, and why it left", () =>
  withStore(async (store) => {
    const account = await addAccount(store);
    const book = history(store);
    const [one, two, three] = [
      started(account),
      started(account, { remote: "[2001:db8::1]:4000", protocolVersion: "2" }),
      started(account),
    ];
    for (const event of [one, two, three]) book.hear(event);
    await book.flush();
    for (const event of [ended(one, "it fell silent"), ended(two)]) book.hear(event);
    await book.flush();
    const rows = await store.agent_sessions.list(account);
    assert.deepEqual(
      rows.map((row) => [row.id, row.ip, row.transport, row.ended_at !== null, row.end_reason]),
      [
        [three.sessionId, "192.0.2.1", "ngrok/3", false, null],
        [two.sessionId, "2001:db8::1", "ngrok/2", true, null],
        [one.sessionId, "192.0.2.1", "ngrok/3", true, "it fell silent"],
      ],
    );
    const [row] = rows;
    assert.deepEqual(
      [row.credential_id, row.os, row.agent_version, row.user_agent, row.metadata],
      ["cr_1", "linux", "1.2.3", "agent/1", "m"],
    );
  }));

test("SessionHistory keeps so many sessions of each account", () =>
  withStore(async (store) => {
    const [one, two] = [await addAccount(store), await addAccount(store)];
    const book = history(store);
    const events = [started(two), ...Array.from({ length: 5 }, () => started(one))];
    for (const event of events) book.hear(event);
    await book.flush();
    assert.deepEqual(
      (await store.agent_sessions.list(one)).map((row) => row.id),
      events.slice(3).map((event) => event.sessionId).reverse(),
    );
    assert.equal(await store.agent_sessions.count(two), 1);
  }));

test("SessionHistory gathers what comes within a quarter of a second into one write", async () => {
  const clock = new FakeClock();
  let writes = 0;
  const book = history({
    transaction: () => {
      writes++;
      return Promise.resolve() as Promise<never>;
    },
  }, clock);
  for (let i = 0; i < 100; i++) book.hear(started("ac_1"));
  await clock.advance(249);
  assert.equal(writes, 0);
  await clock.advance(1);
  assert.equal(writes, 1);
  book.hear(started("ac_1"));
  await clock.advance(250);
  assert.equal(writes, 2);
  assert.equal(clock.pending, 0);
});

test("SessionHistory has no interest in other events", async () => {
  const clock = new FakeClock();
  const book = history({ transaction: () => assert.fail() }, clock);
  book.hear({ type: "session_refused", atMs: 1, remote: "a", ngrokCode: 107 } as EdgeEvent);
  assert.equal(clock.pending, 0);
  await book.flush();
});

test("SessionHistory says in the log what it could not write, and goes on", async () => {
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message) => void lines.push(`${level} ${message}`),
    child: () => logger,
  };
  const transaction = () => Promise.reject(new Error("disk full"));
  const book = history({ transaction }, new FakeClock(), logger);
  book.hear(started("ac_1"));
  await book.flush();
  for (let i = 0; i < 20_001; i++) book.hear(started("ac_1"));
  await book.flush();
  assert.deepEqual(lines, [
    "error session history was not written",
    "error session history was not written",
    "warn session history has gaps",
  ]);
});
