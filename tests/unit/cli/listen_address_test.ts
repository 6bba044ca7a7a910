import assert from "node:assert/strict";
import {
  dialable,
  isEverywhere,
  parseConnectAddress,
  parseListenAddress,
  parsePort,
  parsePorts,
  parseRange,
} from "../../../lib/cli/listen_address.ts";
import { test } from "../../harness.ts";

test("parseListenAddress() reads a port, host:port and [IPv6]:port", () => {
  const table: [string, string, number][] = [
    ["8080", "", 8080],
    [":80", "", 80],
    [":0", "", 0],
    ["0", "", 0],
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["localhost:8443", "localhost", 8443],
    ["[::1]:443", "::1", 443],
    ["[::]:65535", "::", 65535],
  ];
  for (const [text, host, port] of table) {
    assert.deepEqual(parseListenAddress(text, "http"), { host, port }, text);
  }
});

test("parseListenAddress() refuses everything else and names the flag", () => {
  for (
    const text of [
      "",
      "http",
      "1.2.3.4",
      ":65536",
      "::1:80",
      "[::1]",
      "http://x:80",
      "a b:1",
      ":80/",
      "-1",
    ]
  ) {
    assert.throws(() => parseListenAddress(text, "agents"), {
      code: "usage",
      message: `Invalid value "${text}" for --agents: use a port, host:port or [IPv6]:port`,
    });
  }
});

test("parsePorts() reads two ports or one", () => {
  assert.deepEqual(parsePorts("20000-20999", "tcp-ports"), {
    from: 20000,
    to: 20999,
  });
  assert.deepEqual(parsePorts("7", "tcp-ports"), { from: 7, to: 7 });
});

test("parsePorts() reads the words any and none", () => {
  assert.equal(parsePorts("any", "tcp-ports"), "any");
  assert.equal(parsePorts("none", "tcp-ports"), "none");
});

test("parsePorts() refuses what is no range", () => {
  for (const text of ["", "a-b", "2-1", "0-5", "1-65536", "1-2-3", "1--2"]) {
    assert.throws(() => parsePorts(text, "tcp-ports"), { code: "usage" }, text);
  }
});

test("dialable() turns a place that listens everywhere into one that can be dialled", () => {
  assert.equal(dialable({ host: "0.0.0.0", port: 80 }), "127.0.0.1:80");
  assert.equal(dialable({ host: "::", port: 80 }), "127.0.0.1:80");
  assert.equal(dialable({ host: "", port: 80 }), "127.0.0.1:80");
  assert.equal(dialable({ host: "::1", port: 443 }), "[::1]:443");
  assert.equal(dialable({ host: "192.168.1.2", port: 1 }), "192.168.1.2:1");
});

test("isEverywhere() knows the ways to say every address", () => {
  for (const host of ["", "0.0.0.0", "::", "::0"]) assert.ok(isEverywhere({ host, port: 1 }), host);
  for (const host of ["127.0.0.1", "::1", "localhost"]) assert.ok(!isEverywhere({ host, port: 1 }));
});

test("parsePort() reads a port that others can see, and names the flag of what is none", () => {
  assert.equal(parsePort("443", "https-public-port"), 443);
  for (const text of ["0", "65536", "-1", "", "https", "80a", "1e3"]) {
    assert.throws(
      () => parsePort(text, "https-public-port"),
      /^TunnelError: Invalid value ".*" for --https-public-port: use a port, 1 to 65535$/,
      text,
    );
  }
});

test("parseRange() takes a bare address for a range of one", () => {
  assert.equal(parseRange("10.0.0.0/8"), "10.0.0.0/8");
  assert.equal(parseRange("192.0.2.7"), "192.0.2.7/32");
  assert.equal(parseRange("2001:db8::1"), "2001:db8::1/128");
  for (const text of ["", "lb.example", "10.0.0.0/33", "10.0.0.0/-1", "[::1]"]) {
    assert.throws(() => parseRange(text), /for --proxy-protocol-from: use an address/, text);
  }
});

test("parseConnectAddress() reads an address with a port, IPv6 in brackets", () => {
  for (const text of ["edge.example.com:443", "192.0.2.1:1", "[2001:db8::1]:65535"]) {
    assert.equal(parseConnectAddress(` ${text} `), text);
  }
  for (const text of ["", "host", "host:", "host:0", "host:65536", "::1:1", "tls://host:1"]) {
    assert.throws(() => parseConnectAddress(text), /for --connect-address: use host:port/, text);
  }
});
