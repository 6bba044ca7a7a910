import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import type { ForwardOptions } from "../../../lib/agent/config.ts";
import { OwnEndpoint } from "../../../lib/agent/endpoint.ts";
import { parseEndpointUrl } from "../../../lib/agent/endpoint_url.ts";
import { parseUpstream, type UpstreamKind } from "../../../lib/agent/upstream.ts";
import type { BindResponse } from "../../../lib/wire/messages.ts";

function make(
  options: ForwardOptions,
  kind: UpstreamKind = "http",
): OwnEndpoint {
  return new OwnEndpoint({
    name: "web",
    options,
    wanted: parseEndpointUrl(options.url ?? "", kind),
    upstream: parseUpstream(options.addr, kind),
    tls: undefined,
    clock: new FakeClock(),
    onClose: () => Promise.resolve(),
  });
}

function answer(more: Partial<BindResponse> = {}): BindResponse {
  return {
    Id: "b1",
    URL: "https://a.test",
    Proto: "https",
    Opts: { Hostname: "a.test" },
    Extra: { Token: "t1" },
    ...more,
  };
}

test("OwnEndpoint is ready with its first answer", async () => {
  const endpoint = make({ addr: 8080, metadata: "m" });
  assert.deepEqual([
    endpoint.url,
    endpoint.id,
    endpoint.online,
    endpoint.wasOnline,
  ], [
    ...["", "", false, false],
  ]);
  assert.equal(endpoint.adopt(answer()), undefined);
  await endpoint.ready;
  assert.deepEqual([
    endpoint.url,
    endpoint.id,
    endpoint.online,
    endpoint.wasOnline,
  ], [
    ...["https://a.test", "b1", true, true],
  ]);
  assert.equal(endpoint.metadata, "m");
  assert.equal(endpoint.proto, "https");
  assert.equal(endpoint.target.upstream.display, "http://localhost:8080");
  assert.equal(endpoint.target.url, "https://a.test");
});

test("OwnEndpoint asks again with what it was given last", () => {
  const endpoint = make({ addr: 1 });
  assert.equal(endpoint.nextRequest().Id, "");
  endpoint.adopt(answer());
  endpoint.adopt(answer({ Extra: { Token: "t2" } }));
  const { Id, Extra, Opts } = endpoint.nextRequest();
  assert.deepEqual([Id, Extra.Token, Opts.Hostname], ["b1", "t2", "a.test"]);
});

test("OwnEndpoint keeps what an answer leaves out", () => {
  const endpoint = make({ addr: 1 });
  endpoint.adopt(answer());
  assert.equal(
    endpoint.adopt(answer({ Id: "", URL: "", Proto: "" })),
    undefined,
  );
  assert.deepEqual([endpoint.id, endpoint.url, endpoint.nextRequest().Proto], [
    ...["b1", "https://a.test", "https"],
  ]);
});

test("OwnEndpoint tells when its URL is another, and keeps every id", () => {
  const endpoint = make({ addr: 1 });
  endpoint.adopt(answer());
  assert.equal(
    endpoint.adopt(answer({ Id: "b2", URL: "https://b.test" })),
    "https://a.test",
  );
  assert.equal(endpoint.url, "https://b.test");
  assert.deepEqual([...endpoint.ids], ["b1", "b2"]);
});

const FORGOTTEN: readonly (readonly [UpstreamKind, string, string])[] = [
  ["http", "https://a.test", "https://a.test"],
  ["http", "https://a.test:8443", "https://a.test"],
  ["http", "http://a.localhost:8080", "http://a.localhost"],
  ["http", "http://a.internal:9000", "http://a.internal:9000"],
  ["tcp", "tcp://a.test:20001", "tcp://a.test:20001"],
  ["tls", "tls://a.test", "tls://a.test"],
];

for (const [kind, had, asks] of FORGOTTEN) {
  test(`OwnEndpoint that the server has forgotten at ${had} asks for ${asks}`, () => {
    const endpoint = make({ addr: 1 }, kind);
    assert.equal(
      endpoint.forgetBinding(),
      false,
      "there is nothing to forget yet",
    );
    endpoint.adopt(answer({ URL: had }));
    assert.equal(endpoint.forgetBinding(), true);
    assert.equal(endpoint.forgetBinding(), false, "once is enough");
    const { Id, Extra, Opts } = endpoint.nextRequest();
    assert.deepEqual([Id, Extra.Token, Opts.URL], ["", "", asks]);
    endpoint.adopt(answer({ Id: "b9", URL: had }));
    assert.equal(endpoint.nextRequest().Id, "b9");
  });
}

test("OwnEndpoint that ends before it was online fails its readiness", async () => {
  const endpoint = make({ addr: 1 });
  const error = new TunnelError("refused", "no");
  endpoint.finish(error);
  endpoint.finish(undefined);
  await assert.rejects(endpoint.ready, error);
  assert.deepEqual(await endpoint.closed, { error });
  const closed = make({ addr: 1 });
  closed.finish(undefined);
  await assert.rejects(closed.ready, { code: "session_closed" });
});
