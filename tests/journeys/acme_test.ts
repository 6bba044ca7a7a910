/**
 * Certificates from a real ACME server: Debian's `pebble -strict` looks for the proofs on the doors
 * of a real edge.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Clock } from "../../lib/base/clock.ts";
import type { LogFields, Logger } from "../../lib/base/log.ts";
import { readLeaf } from "../../lib/edge/certificates/x509.ts";
import type { EdgeOptions } from "../../lib/edge/config.ts";
import { launchEdge } from "../../lib/edge/edge.ts";
import type { EdgeInside } from "../../lib/edge/edge_handle.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { Runtime } from "../../lib/runtime/host.ts";
import { type Pebble, withPebble } from "../fakes/pebble.ts";
import { test } from "../harness.ts";

const DAY_MS = 86_400_000;
const runtime: Runtime = detectRuntime();
const isDeno = runtime.host.runtime.name === "deno";

interface Line {
  readonly message: string;
  readonly fields: LogFields;
}

interface Stage {
  readonly edge: EdgeInside;
  readonly log: readonly Line[];
  /** Reserves a name for the owner. */
  reserve(domain: string): Promise<void>;
  /** Makes a name one of the owner's agents; ordered, it gets a certificate. */
  ingress(domain: string, isOrdered: boolean): Promise<void>;
  /** The certificate that a visitor gets who trusts pebble alone, as its number. */
  visit(name: string, roots: readonly string[]): Promise<string>;
  /** Waits for a line of the log. */
  line(message: string, about?: string): Promise<Line>;
}

interface StageOptions {
  readonly edge?: Partial<EdgeOptions>;
  readonly acme?: EdgeOptions["acme"];
  readonly clock?: Clock;
}

async function withEdge(
  pebble: Pebble,
  run: (stage: Stage) => Promise<void>,
  options: StageOptions = {},
): Promise<void> {
  const log: Line[] = [];
  const listeners = new Set<() => void>();
  const logger: Logger = {
    log(_, message, fields = {}) {
      log.push({ message, fields });
      for (const listener of [...listeners]) listener();
    },
    child: () => logger,
  };
  const edge = await launchEdge({
    domain: "tunnels.test",
    http: { port: pebble.httpPort },
    https: { port: pebble.httpsPort },
    tcpPorts: "none",
    dataDir: `${pebble.folder}/data`,
    limits: { certificateWaitMs: 60_000 },
    logger,
    ...options.edge,
    acme: {
      directoryUrl: pebble.directoryUrl,
      directoryCas: pebble.ca,
      agreeTerms: true,
      email: "operator@example.com",
      ...options.acme,
    },
  }, { ...runtime, clock: options.clock ?? runtime.clock });
  try {
    await run({
      edge,
      log,
      async reserve(domain) {
        await edge.store!.reserved_domains.insert({
          id: `rd_${domain}`,
          account_id: edge.ownerAccountId!,
          created_at: 1,
          updated_at: 1,
          description: "",
          metadata: "",
          domain,
          region: "",
          certificate_id: null,
          certificate_management_policy: { authority: "letsencrypt", private_key_type: "ecdsa" },
          resolves_to: [],
        });
        await edge.identityChanged();
      },
      async ingress(domain, isOrdered) {
        const policy = { authority: "letsencrypt", private_key_type: "ecdsa" };
        await edge.store!.agent_ingresses.insert({
          id: `agin_${domain}`,
          account_id: edge.ownerAccountId!,
          created_at: 1,
          updated_at: 1,
          description: "",
          metadata: "",
          domain,
          certificate_management_policy: isOrdered ? policy : null,
        });
        await edge.identityChanged();
      },
      async visit(name, roots) {
        const conn = await runtime.net.connect({
          host: "127.0.0.1",
          port: pebble.httpsPort,
          tls: { serverName: name, roots },
          timeoutMs: 120_000,
        });
        conn.abort();
        return (await readLeaf(conn.tls!.peerCertificatePem!)).serial;
      },
      line(message, about) {
        const { promise, resolve } = Promise.withResolvers<Line>();
        const look = () => {
          const found = log.find((line) =>
            line.message === message &&
            (about === undefined || JSON.stringify(line.fields).includes(`"${about}"`))
          );
          if (!found) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        return promise;
      },
    });
  } finally {
    await edge.close({ graceMs: 0 });
  }
}

test("an edge gets certificates by http-01, for names that somebody owns and no others", async () => {
  await withPebble(runtime.net, async (pebble) => {
    await withEdge(pebble, async ({ edge, reserve, ingress, visit, line }) => {
      const roots = [await pebble.root()];
      await visit("tunnels.test", roots);
      await visit("api.tunnels.test", roots);
      await reserve("shop.tunnels.test");
      await line("certificate was got", "shop.tunnels.test");
      await visit("shop.tunnels.test", roots);
      assert.match((await edge.chainOf("shop.tunnels.test"))!, /^-----BEGIN CERTIFICATE-----/);
      assert.equal(await edge.chainOf("stranger.tunnels.test"), undefined);
      // Nobody has reserved it: it is served, but nothing is asked for.
      const orders = pebble.orders();
      assert.ok(orders >= 3, String(orders));
      await assert.rejects(visit("stranger.tunnels.test", roots), { code: "tls_untrusted" });
      await visit("stranger.tunnels.test", [edge.caPem!]);
      assert.equal(pebble.orders(), orders);
      // Agents trust the edge's own authority.
      await visit("connect.tunnels.test", [edge.caPem!]);
      await ingress("plain.acme.test", false);
      await visit("plain.acme.test", [edge.caPem!]);
      await ingress("agents.acme.test", true);
      await line("certificate was got", "agents.acme.test");
      await visit("agents.acme.test", roots);
      const names = edge.certificates().map(({ names }) => names.join(" ")).sort();
      assert.deepEqual(names, [
        "agents.acme.test",
        "api.tunnels.test",
        "shop.tunnels.test",
        "tunnels.test",
      ]);
    }, { acme: { challenges: ["http-01"] } });
  });
});

test("an edge does not mind an ACME server that refuses half of the nonces", async () => {
  await withPebble(runtime.net, async (pebble) => {
    await withEdge(pebble, async ({ visit }) => {
      await visit("tunnels.test", [await pebble.root()]);
    });
  }, { nonceReject: 50 });
});

if (isDeno) {
  test("an edge says that tls-alpn-01 cannot be done on Deno, whose TLS refuses the certificate", async () => {
    await withPebble(runtime.net, async (pebble) => {
      await assert.rejects(
        withEdge(pebble, () => Promise.resolve(), { acme: { challenges: ["tls-alpn-01"] } }),
        /Deno refuses/,
      );
    });
  });
} else {
  test("an edge gets certificates by tls-alpn-01, with no door for HTTP", async () => {
    await withPebble(runtime.net, async (pebble) => {
      await withEdge(pebble, async ({ visit }) => {
        await visit("tunnels.test", [await pebble.root()]);
      }, { edge: { http: undefined } });
    });
  });
}

test("an edge gets a wildcard of its domain by dns-01, through the operator's command", async () => {
  await withPebble(runtime.net, async (pebble) => {
    await withEdge(pebble, async ({ edge, visit }) => {
      const roots = [await pebble.root()];
      const serial = await visit("tunnels.test", roots);
      assert.equal(await visit("anything.tunnels.test", roots), serial);
      assert.equal(await visit("connect.tunnels.test", roots), serial);
      assert.deepEqual(edge.certificates().map(({ names }) => names), [
        ["tunnels.test", "*.tunnels.test"],
      ]);
    }, {
      edge: { agentCertificate: "public" },
      acme: { dnsHook: pebble.dnsHook, challenges: ["dns-01"] },
    });
  });
});

test("an edge keeps certificate and account over a restart, and renews in the last third of life", async () => {
  await withPebble(runtime.net, async (pebble) => {
    const roots = [await pebble.root()];
    let first = "";
    await withEdge(pebble, async ({ visit, line }) => {
      first = await visit("tunnels.test", roots);
      await line("certificate was got", "api.tunnels.test");
    });
    const orders = pebble.orders();
    await withEdge(pebble, async ({ visit }) => {
      assert.equal(await visit("tunnels.test", roots), first);
      assert.equal(pebble.orders(), orders);
    });
    // The clock on the wall jumps two months ahead.
    let offsetMs = 0;
    const { clock } = runtime;
    const shifted: Clock = {
      now: () => clock.now() + offsetMs,
      steady: () => clock.steady(),
      after: (delayMs, run) => clock.after(delayMs, run),
      turnEnd: (run) => clock.turnEnd(run),
    };
    await withEdge(pebble, async ({ edge, visit, line }) => {
      assert.equal(await visit("tunnels.test", roots), first);
      offsetMs = 80 * DAY_MS;
      await edge.identityChanged();
      // The old one is served until the new one is there.
      await line("certificate was got", "tunnels.test");
      assert.notEqual(await visit("tunnels.test", roots), first);
    }, { clock: shifted });
    assert.equal(pebble.log().match(/POST \/sign-me-up/g)?.length, 1);
  }, { nonceReject: 0 });
});

test("an edge backs off when a name cannot be proved, and says why", async () => {
  await withPebble(runtime.net, async (pebble) => {
    await pebble.pointTo("elsewhere.test", "127.0.0.77");
    await withEdge(pebble, async ({ edge, reserve, visit, line }) => {
      await reserve("elsewhere.test");
      const { fields } = await line("certificate was not got", "elsewhere.test");
      assert.match(String(fields.err), /^Cannot get a certificate for "elsewhere\.test" from/);
      const record = edge.certificateOf("elsewhere.test");
      assert.equal(record?.trouble?.errorCode, "DNS_ERROR");
      assert.equal(record?.trouble?.attempts, 1);
      const waitMs = record.trouble.retriesAtMs - record.trouble.startedAtMs;
      assert.ok(waitMs >= 60_000 && waitMs < 600_000, String(waitMs));
      // Whoever comes meanwhile makes no order.
      const orders = pebble.orders();
      await edge.identityChanged();
      await assert.rejects(visit("elsewhere.test", [edge.caPem!]));
      assert.equal(pebble.orders(), orders);
    });
  });
});

test("an edge names its external account to an ACME server that wants one", async () => {
  const hmacKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
  await withPebble(runtime.net, async (pebble) => {
    await withEdge(pebble, async ({ line }) => {
      const { fields } = await line("certificate was not got");
      assert.match(String(fields.err), /external account binding/);
    }, { edge: { dataDir: `${pebble.folder}/other` } });
    await withEdge(pebble, async ({ visit }) => {
      await visit("tunnels.test", [await pebble.root()]);
    }, { acme: { externalAccount: { keyId: "kid-1", hmacKey } } });
  }, { externalAccounts: { "kid-1": hmacKey } });
});

test("an edge opens no account while nobody has agreed to the terms", async () => {
  await withPebble(runtime.net, async (pebble) => {
    await withEdge(pebble, async ({ line }) => {
      const { fields } = await line("certificate was not got");
      assert.match(String(fields.err), /read its terms at .* and agree/);
    }, { acme: { agreeTerms: false } });
    assert.equal(pebble.log().match(/POST \/sign-me-up/g), null);
  });
});
