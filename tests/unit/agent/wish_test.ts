import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import type { ForwardOptions } from "../../../lib/agent/config.ts";
import { readServiceWish, readWish } from "../../../lib/agent/wish.ts";

const GOOD: readonly (readonly [ForwardOptions, string, string])[] = [
  [{ addr: 80 }, "", "http://localhost:80"],
  [{ addr: 80, url: "http://h.test" }, "http://h.test", "http://localhost:80"],
  [{ addr: 80, url: "h.test" }, "https://h.test", "http://localhost:80"],
  [{ addr: "tcp://h:1" }, "tcp://", "tcp://h:1"],
  [{ addr: " TLS://h:1" }, "tls://", "tls://h:1"],
  [{ addr: 1, url: "tls://h.test" }, "tls://h.test", "tcp://localhost:1"],
  [{ addr: 1, url: "tcp://h.test:5" }, "tcp://h.test:5", "tcp://localhost:1"],
  [{ addr: 1, proto: "tcp" }, "tcp://", "tcp://localhost:1"],
  [
    { addr: 1, proto: "tcp", url: "h.test:5" },
    "tcp://h.test:5",
    "tcp://localhost:1",
  ],
];

for (const [options, url, upstream] of GOOD) {
  test(`readWish() of ${JSON.stringify(options)} asks for ${url} in front of ${upstream}`, () => {
    const wish = readWish(options);
    assert.equal(wish.wanted.url, url);
    assert.equal(wish.upstream.display, upstream);
    assert.deepEqual(wish.options, options);
  });
}

test("readWish() refuses what does not fit together", () => {
  assert.throws(() => readWish({ addr: "tcp://h:1", url: "https://h" }), {
    code: "address_invalid",
    message: /does not fit an http endpoint/,
  });
  assert.throws(() => readWish({ addr: 1, proto: "tcp", url: "https://h" }), {
    ngrokCode: 9036,
  });
  assert.throws(
    () => readWish({ addr: 1, adr: 1 } as never),
    /unknown key "adr"/,
  );
});

test("readWish() of a directory refuses what only a service could be asked for", () => {
  const addr = "file:///srv/www";
  assert.equal(readWish({ addr, upstreamProtocol: "http1" }).upstream.scheme, "file");
  assert.throws(() => readWish({ addr, upstreamProtocol: "http2" }), {
    code: "config_invalid",
    message: /^Cannot serve the directory "file:\/\/\/srv\/www": it is served over HTTP\/1\.1/,
  });
  assert.throws(
    () => readWish({ addr, upstreamProxyProtocol: 1 }),
    /no use for a PROXY protocol header/,
  );
});

test("readServiceWish() is tcp or what it is told to be, and takes no address", () => {
  assert.equal(readServiceWish({}).wanted.url, "tcp://");
  assert.equal(readServiceWish({}, "http").upstream.kind, "http");
  assert.equal(readServiceWish({ proto: "tls" }).upstream.kind, "tls");
  assert.equal(readServiceWish({ url: "https://a.test" }).wanted.url, "https://a.test");
  const { upstream, options } = readServiceWish({ forwardsTo: "mine", metadata: "m" });
  assert.deepEqual([upstream.display, options.metadata], ["mine", "m"]);
  assert.throws(() => readServiceWish({ addr: 80 } as never), {
    code: "config_invalid",
    message: /"addr" is for services elsewhere/,
  });
  assert.throws(() => readServiceWish({ nonsense: 1 } as never), { code: "config_invalid" });
});
