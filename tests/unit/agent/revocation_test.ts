/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { Logger } from "../../../lib/base/log.ts";
import { createRevocationCheck, type RevocationCheck } from "../../../lib/agent/revocation.ts";
import {
  type Authority,
  issueLeaf,
  makeAuthority,
  makeCrl,
} from "../../../lib/edge/certificates/maker.ts";
import { formatPem } from "../../../lib/edge/certificates/pem.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { TrustedRoots } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

const URL_OF_LIST = "http://127.0.0.1/edge.crl";
const DAY_MS = 86_400_000;

interface Stage {
  readonly authority: Authority;
  readonly clock: FakeClock;
  readonly log: string[];
  readonly asked: string[];
  readonly leafPem: string;
  readonly serial: string;
  list: string | Uint8Array | undefined;
  check(roots?: TrustedRoots, crlUrl?: string): RevocationCheck;
  crl(serials: readonly string[], by?: Authority, days?: number): Promise<Uint8Array>;
}

async function withStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const { net } = memoryRuntime();
  const clock = new FakeClock(Date.now());
  const authority = await makeAuthority(clock.now());
  const leaf = await issueLeaf(authority, ["edge.test"], clock.now(), URL_OF_LIST);
  const log: string[] = [];
  const logger: Logger = {
    log: (_, message, fields) => void log.push(`${message}: ${fields?.err}`),
    child: () => logger,
  };
  const stage: Stage = {
    authority,
    clock,
    log,
    asked: [],
    leafPem: leaf.chainPem,
    serial: leaf.serial,
    list: undefined,
    check: (roots = [authority.certPem], crlUrl = undefined) =>
      createRevocationCheck({ net, clock, logger, roots: () => roots, crlUrl }),
    crl: (serials, by = authority, days = 1) => {
      const nowMs = clock.now();
      const revoked = serials.map((serial) => ({ serial, revokedAtMs: nowMs }));
      return makeCrl(by, revoked, { nowMs: nowMs - 2 * DAY_MS, untilMs: nowMs + days * DAY_MS });
    },
  };
  const door = await net.listen({
    port: 80,
    onConnection: (conn) =>
      void serveFetch(conn, (request) => {
        stage.asked.push(request.url);
        const { list } = stage;
        const body = typeof list === "string" ? list : list && new Uint8Array(list);
        return Promise.resolve(new Response(body, { status: list === undefined ? 404 : 200 }));
      }, { clock, scheme: "http" }),
  });
  try {
    await run(stage);
  } finally {
    await door.close();
  }
}

test("S97 S100 S101 S114 createRevocationCheck() refuses what the list names, in DER and in PEM", async () => {
  await withStage(async (stage) => {
    const { leafPem, serial, check, crl } = stage;
    stage.list = await crl(["0a0b", serial]);
    await assert.rejects(check()(leafPem), { code: "tls_untrusted", message: /was revoked/ });
    stage.list = formatPem("X509 CRL", await crl([serial]));
    await assert.rejects(check()(leafPem), { code: "tls_untrusted" });
    stage.list = await crl(["0a0b"]);
    await check()(leafPem);
    assert.equal(stage.asked.length, 3);
    assert.deepEqual(stage.log, []);
  });
});

test("createRevocationCheck() goes on when the list cannot be had, and says so", async () => {
  await withStage(async (stage) => {
    const { leafPem, serial, check, crl, log } = stage;
    await check()(leafPem); // each check is another agent's
    stage.list = "nonsense";
    await check()(leafPem);
    stage.list = await crl([serial], await makeAuthority(stage.clock.now()));
    await check()(leafPem);
    stage.list = await crl([serial], stage.authority, -1);
    await check()(leafPem);
    await check(undefined, "http://127.0.0.1:81/none")(leafPem);
    assert.deepEqual(
      log.map((line) => line.split(":")[0]),
      Array(5).fill(
        "failed to fetch CRL, going on",
      ),
    );
    assert.match(log[0], /status 404/);
    assert.match(log[1], /no list/);
    assert.match(log[2], /not signed by/);
    assert.match(log[3], /out of date/);
  });
});

test("createRevocationCheck() waits for a server that is silent once a minute, not at each reconnect", async () => {
  await withStage(async (stage) => {
    const { leafPem, serial, clock, crl, log } = stage;
    const check = stage.check();
    await check(leafPem);
    stage.list = await crl([serial]);
    await check(leafPem);
    assert.deepEqual([stage.asked.length, log.length], [1, 1]);
    await clock.advance(60_000);
    await assert.rejects(check(leafPem), { code: "tls_untrusted" });
  });
});

test("createRevocationCheck() goes by the last list while no newer one can be had", async () => {
  await withStage(async (stage) => {
    const { leafPem, serial, clock, crl } = stage;
    stage.list = await crl(["0a0b"]);
    const check = stage.check();
    await check(leafPem);
    stage.list = undefined;
    await clock.advance(600_000);
    await check(leafPem);
    assert.equal(stage.asked.length, 2);
    stage.list = await crl([serial]);
    await clock.advance(60_000);
    await assert.rejects(check(leafPem), { code: "tls_untrusted" });
  });
});

test("createRevocationCheck() keeps a list for a while", async () => {
  await withStage(async (stage) => {
    const { leafPem, serial, clock, crl } = stage;
    stage.list = await crl([]);
    const check = stage.check();
    await check(leafPem);
    stage.list = await crl([serial]);
    await check(leafPem);
    assert.equal(stage.asked.length, 1);
    await clock.advance(600_000);
    await assert.rejects(check(leafPem), { code: "tls_untrusted" });
  });
});

test("createRevocationCheck() asks nobody for certificates of the system's authorities, unless told where", async () => {
  await withStage(async (stage) => {
    const { leafPem, serial, crl } = stage;
    stage.list = await crl([serial]);
    await stage.check("system")(leafPem);
    assert.equal(stage.asked.length, 0);
    await assert.rejects(stage.check("system", URL_OF_LIST)(leafPem), { code: "tls_untrusted" });
  });
});
