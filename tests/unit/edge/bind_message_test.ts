/** @module */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { TunnelError } from "../../../lib/base/errors.ts";
import {
  bindResponse,
  checkTexts,
  ksuidOf,
  readBind,
  tunnelId,
} from "../../../lib/edge/bind_message.ts";
import { test } from "../../harness.ts";

function refusedWith(code: number): (error: TunnelError) => boolean {
  return (error) => error.ngrokCode === code;
}

test("readBind() reads a v2 request, which has no ForwardsTo", () => {
  const bind = readBind({
    Id: "",
    Proto: "https",
    Opts: {
      Hostname: "",
      Auth: "",
      Subdomain: "",
      HostHeaderRewrite: false,
      LocalURLScheme: "http",
    },
    Extra: { Token: "", IPPolicyRef: "", Metadata: "m" },
  });
  assert.equal(bind.proto, "https");
  assert.equal(bind.forwardsTo, "");
  assert.equal(bind.extra.Metadata, "m");
});

test("readBind() believes the URL when it names another protocol, as the first Go SDK does", () => {
  const protoOf = (Proto: string, URL: string | null) => readBind({ Proto, Opts: { URL } }).proto;
  assert.equal(protoOf("https", "http://a.example.com"), "http");
  assert.equal(protoOf("http", "HTTPS://a.example.com"), "https");
  assert.equal(protoOf("https", "a.example.com"), "https");
  assert.equal(protoOf("https", null), "https");
  // Their options are not the same.
  assert.equal(protoOf("https", "tcp://a.example.com:1"), "https");
  assert.equal(protoOf("tcp", "https://a.example.com"), "tcp");
});

test("readBind() gives the keys it knows one spelling and leaves the others alone", () => {
  const { options } = readBind({
    proto: "http",
    opts: {
      HOSTNAME: "a",
      proxyproto: 1,
      LocalUrlScheme: null,
      Future: { x: 1 },
    },
  });
  assert.deepEqual(options, {
    Hostname: "a",
    ProxyProto: 1,
    LocalUrlScheme: null,
    Future: { x: 1 },
  });
});

test("readBind() takes null for unset", () => {
  const bind = readBind({
    Id: null,
    Proto: "tcp",
    Opts: null,
    Extra: { Bindings: null },
  });
  assert.deepEqual(bind.options, {});
  assert.equal(bind.id, "");
  assert.equal(readBind({ Proto: "tcp", Extra: null }).proto, "tcp");
});

test("readBind() refuses what it cannot give with the number of the reason", () => {
  const extra = (Extra: Record<string, unknown>) => ({ Proto: "http", Extra });
  assert.throws(() => readBind({}), refusedWith(394));
  assert.throws(() => readBind({ Proto: "" }), refusedWith(394));
  for (const Proto of ["ssh", "HTTP", "__proto__", "x".repeat(1000)]) {
    assert.throws(() => readBind({ Proto }), refusedWith(332));
  }
  assert.throws(
    () => readBind({ Proto: "http", ForwardsProto: "h3" }),
    refusedWith(15003),
  );
  assert.throws(
    () => readBind(extra({ Bindings: ["kubernetes"] })),
    refusedWith(15005),
  );
  assert.throws(
    () => readBind(extra({ Bindings: ["nonsense"] })),
    refusedWith(15005),
  );
  assert.throws(
    () => readBind(extra({ Bindings: ["public", "internal"] })),
    refusedWith(15006),
  );
  assert.equal(readBind(extra({ Bindings: ["public"] })).binding, "public");
  assert.equal(readBind(extra({ Bindings: ["internal"] })).binding, "internal");
  assert.equal(readBind(extra({ Bindings: [] })).binding, undefined);
});

test("readBind() calls fields of the wrong type a bad message", () => {
  for (
    const message of [
      { Proto: 5 },
      { Proto: "http", Opts: [] },
      { Proto: "http", Opts: "x" },
      { Proto: "http", Extra: { Token: 1 } },
      { Proto: "http", Extra: { Bindings: [1] } },
      { Proto: "http", Id: {} },
    ]
  ) {
    assert.throws(
      () => readBind(message),
      refusedWith(301),
      JSON.stringify(message),
    );
  }
});

test("checkTexts() bounds what is kept of an endpoint", () => {
  checkTexts({
    metadata: "x".repeat(4096),
    description: "x".repeat(255),
    name: undefined,
  });
  assert.throws(
    () => checkTexts({ metadata: "x".repeat(4097) }),
    refusedWith(301),
  );
  assert.throws(
    () => checkTexts({ description: "x".repeat(256) }),
    refusedWith(301),
  );
  assert.throws(() => checkTexts({ id: "x".repeat(129) }), refusedWith(301));
});

const ANSWER = {
  ksuid: "2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
  id: "b1",
  host: "a.example.com",
  port: 443,
  token: "t",
};

test("bindResponse() has every member that the Rust SDK insists on, in its spelling", () => {
  const https = bindResponse({
    ...ANSWER,
    url: "https://a.example.com",
    proto: "https",
    options: {},
  });
  assert.deepEqual(https, {
    Id: "b1",
    URL: "https://a.example.com",
    Proto: "https",
    Opts: {
      Hostname: "a.example.com",
      Auth: "",
      Subdomain: "",
      HostHeaderRewrite: false,
      ProxyProto: 0,
    },
    Error: "",
    Extra: { Token: "t", TunnelID: "tn_2aBcDeFgHiJkLmNoPqRsTuVwXyZ" },
  });
  const tls = bindResponse({
    ...ANSWER,
    url: "tls://a",
    proto: "tls",
    options: {},
  });
  assert.deepEqual(tls.Opts, {
    Hostname: "a.example.com",
    Subdomain: "",
    ProxyProto: 0,
    MutualTLSAtAgent: false,
  });
  const tcp = bindResponse({
    ...ANSWER,
    url: "tcp://a:1",
    proto: "tcp",
    port: 20001,
    options: {},
  });
  assert.deepEqual(tcp.Opts, { Addr: "a.example.com:20001", ProxyProto: 0 });
});

test("bindResponse() echoes the options and fills null where a value is due", () => {
  const options = {
    Domain: "",
    LocalUrlScheme: null,
    ProxyProto: 2,
    Auth: null,
    Compression: {},
  };
  const { Opts } = bindResponse({
    ...ANSWER,
    url: "https://a",
    proto: "https",
    options,
  });
  assert.deepEqual(Opts, {
    Domain: "",
    LocalUrlScheme: null,
    ProxyProto: 2,
    Auth: "",
    Compression: {},
    Hostname: "a.example.com",
    Subdomain: "",
    HostHeaderRewrite: false,
  });
});

test("ksuidOf() undoes tunnelId() and gives nothing for other ids", () => {
  assert.equal(ksuidOf(tunnelId("abc")), "abc");
  assert.equal(ksuidOf("abc"), "");
});

const samples = JSON.parse(
  readFileSync(
    new URL("../../vectors/wire/samples.json", import.meta.url),
    "utf8",
  ),
) as Record<string, string>;

test("readBind() reads the Bind of every client, and bindResponse() has the members its answer had", () => {
  const requests = Object.entries(samples).filter(([name]) => name.endsWith("c2s-BindReq"));
  assert.ok(requests.length > 40);
  for (const [name, text] of requests) {
    const raw = JSON.parse(text);
    const bind = readBind(raw);
    assert.equal(bind.binding, raw.Extra.Bindings?.[0], name);
    const host = "a.example.com";
    const answer = bindResponse({
      ...ANSWER,
      host,
      url: "u",
      proto: bind.proto,
      options: bind.options,
    });
    // Nothing the client sent is lost, for it sends the answer back when it binds again.
    for (const key of Object.keys(raw.Opts)) {
      assert.ok(key in answer.Opts, `${name}: ${key}`);
    }
    assert.equal(
      answer.Opts[bind.proto === "tcp" ? "Addr" : "Hostname"],
      bind.proto === "tcp" ? `${host}:443` : host,
    );
  }
});
