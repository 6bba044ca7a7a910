/** @module */
import assert from "node:assert/strict";
import { LabeledTunnels } from "../../../lib/edge/labeled_tunnels.ts";
import { test } from "../../harness.ts";

type Session = Parameters<LabeledTunnels["start"]>[0];

function session(id: string, acl?: string[]): Session {
  return { id, grant: { accountId: "ac_1", tokenId: "cr_1", acl } } as unknown as Session;
}

const TEXTS = { forwardsTo: "localhost:80", metadata: "" };

test("LabeledTunnels starts and stops tunnels, each its own session's", () => {
  const tunnels = new LabeledTunnels();
  const [one, two] = [session("ts_1"), session("ts_2")];
  const first = tunnels.start(one, { labels: { app: "a" }, ...TEXTS }, 1_000);
  const second = tunnels.start(two, { labels: { app: "a" }, ...TEXTS }, 1_000);
  assert.notEqual(first.id, second.id);
  assert.match(first.id, /^[0-9A-Za-z]{27}$/);
  assert.deepEqual([first.accountId, first.sessionId, first.startedAtMs], ["ac_1", "ts_1", 1_000]);
  assert.deepEqual([tunnels.all.length, tunnels.countOf(one)], [2, 1]);
  tunnels.stop(two, first.id);
  tunnels.stop(one, "nothing");
  assert.equal(tunnels.all.length, 2);
  tunnels.stop(one, first.id);
  tunnels.sessionEnded(two);
  assert.deepEqual(tunnels.all, []);
});

test("LabeledTunnels wants every label allowed, at least one, and all of them short", () => {
  const tunnels = new LabeledTunnels();
  const refusal = (labels: Record<string, string>, acl?: string[]) => () =>
    tunnels.start(session("ts_1", acl), { labels, ...TEXTS }, 1);
  assert.throws(refusal({ a: "1", b: "2" }, ["bind:a=*"]), { ngrokCode: 399 });
  assert.throws(refusal({}), { ngrokCode: 394 });
  assert.throws(refusal({ "": "x" }), { ngrokCode: 301 });
  assert.throws(refusal({ a: "x".repeat(4096) }), { ngrokCode: 301 });
  assert.throws(refusal({ a: null as unknown as string }), { ngrokCode: 301 });
  assert.deepEqual(tunnels.all, []);
});
