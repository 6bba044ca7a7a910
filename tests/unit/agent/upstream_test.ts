import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  hostOf,
  parseUpstream,
  refuseElsewhere,
  type UpstreamKind,
} from "../../../lib/agent/upstream.ts";

/** What was typed, the kind of endpoint, and the canonical URL it stands for. */
const GOOD: readonly (readonly [string | number, UpstreamKind, string])[] = [
  // the table of agent.md E4
  [8080, "http", "http://localhost:8080"],
  ["8080", "http", "http://localhost:8080"],
  ["443", "http", "https://localhost:443"],
  [443, "http", "https://localhost:443"],
  ["host:443", "http", "https://host:443"],
  ["host:1234", "http", "http://host:1234"],
  ["example.org", "http", "http://example.org:80"],
  ["https://", "http", "https://localhost:443"],
  ["http://", "http", "http://localhost:80"],
  ["https://h:8443", "http", "https://h:8443"],
  ["https://h", "http", "https://h:443"],
  ["http://h", "http", "http://h:80"],
  ["tcp://h:5432", "tcp", "tcp://h:5432"],
  ["tls://h:8443", "tls", "tls://h:8443"],
  ["tls://h:8443", "tcp", "tls://h:8443"],
  ["tcp://h:8443", "tls", "tcp://h:8443"],
  // the forms of the seed (S10 to S22)
  ["192.168.1.2:80", "http", "http://192.168.1.2:80"],
  ["https://localhost:8443", "http", "https://localhost:8443"],
  ["[::1]:80", "http", "http://[::1]:80"],
  [
    "https://[2001:db8::123.123.123.123]:8443",
    "http",
    "https://[2001:db8::123.123.123.123]:8443",
  ],
  ["22", "tcp", "tcp://localhost:22"],
  [22, "tcp", "tcp://localhost:22"],
  ["80", "tls", "tcp://localhost:80"],
  ["443", "tls", "tcp://localhost:443"],
  // and what people type besides
  [":8080", "http", "http://localhost:8080"],
  [":443", "http", "https://localhost:443"],
  [":22", "tcp", "tcp://localhost:22"],
  [" 8080 ", "http", "http://localhost:8080"],
  ["1", "http", "http://localhost:1"],
  ["65535", "http", "http://localhost:65535"],
  ["[::1]", "http", "http://[::1]:80"],
  ["[::1]:443", "http", "https://[::1]:443"],
  ["https://[::1]", "http", "https://[::1]:443"],
  ["[FE80::1%eth0]:8080", "http", "http://[fe80::1%eth0]:8080"],
  ["[::ffff:127.0.0.1]:22", "tcp", "tcp://[::ffff:127.0.0.1]:22"],
  ["HTTP://LocalHost:3000", "http", "http://localhost:3000"],
  ["http://localhost:3000/", "http", "http://localhost:3000"],
  ["http://:3000", "http", "http://localhost:3000"],
  ["my_service:80", "http", "http://my_service:80"],
  ["xn--bcher-kva.example:80", "http", "http://xn--bcher-kva.example:80"],
  ["bücher.example:80", "http", "http://xn--bcher-kva.example:80"],
  ["example.org.", "http", "http://example.org:80"],
  ["0.0.0.0:8080", "http", "http://0.0.0.0:8080"],
  ["http://h:443", "http", "http://h:443"],
  ["https://h:80", "http", "https://h:80"],
  ["unix:/run/app.sock", "http", "unix:/run/app.sock"],
  ["\\\\.\\pipe\\my app", "http", "pipe://./my app"],
  ["//./pipe/app", "tcp", "pipe://./app"],
  ["pipe://./app", "http", "pipe://./app"],
  ["pipe:app", "tls", "pipe://./app"],
  ["npipe:////./pipe/docker_engine", "tcp", "pipe://./docker_engine"],
  ["NPIPE://./pipe/app", "http", "pipe://./app"],
  ["unix:///run/app.sock", "http", "unix:/run/app.sock"],
  ["unix:/run/app.sock", "tcp", "unix:/run/app.sock"],
  // directories
  ["file:///srv/www", "http", "file:///srv/www"],
  ["file:///srv/www/", "http", "file:///srv/www"],
  ["FILE:///srv/www", "http", "file:///srv/www"],
  ["file:/srv/www", "http", "file:///srv/www"],
  ["file://localhost/srv/www", "http", "file:///srv/www"],
  ["file:///", "http", "file:///"],
  ["file:///srv/my%20site", "http", "file:///srv/my site"],
  ["file:///srv/my site", "http", "file:///srv/my site"],
  ["file:///srv/100%", "http", "file:///srv/100%"],
  ["file:///srv/a%2520b", "http", "file:///srv/a%2520b"],
  ["file:///srv/c#/site?", "http", "file:///srv/c#/site?"],
  ["file:///srv/b\u00fccher", "http", "file:///srv/b\u00fccher"],
  ["file://C:\\dir", "http", "file:///C:/dir"],
  ["file://C:\\dir\\sub\\", "http", "file:///C:/dir/sub"],
  ["file:///C:/dir", "http", "file:///C:/dir"],
  ["file:///d:\\", "http", "file:///d:/"],
];

/** What was typed, the kind, and what the error must say. */
const BAD: readonly (readonly [string | number, UpstreamKind, RegExp])[] = [
  ["", "http", /it is empty/],
  ["   ", "tcp", /it is empty/],
  [
    "ftp://x",
    "http",
    /the scheme "ftp" is not supported; use http:\/\/ or https:\/\//,
  ],
  ["ws://x:80", "http", /the scheme "ws" is not supported/],
  ["tcp://h:80", "http", /the scheme "tcp" does not fit an http endpoint/],
  ["tls://h:80", "http", /does not fit an http endpoint/],
  [
    "https://h:80",
    "tls",
    /does not fit a tls endpoint; use tls:\/\/ or tcp:\/\//,
  ],
  ["http://h:80", "tcp", /does not fit a tcp endpoint/],
  ["localhost", "tcp", /it needs a port, as in "localhost:1234"/],
  ["example.org", "tls", /it needs a port/],
  ["[::1]", "tcp", /it needs a port, as in "\[::1\]:1234"/],
  ["tcp://h", "tcp", /it needs a port, as in "tcp:\/\/h:1234"/],
  ["tcp://", "tcp", /the host and the port are missing/],
  ["localhost:abc", "http", /port "abc" is not a number/],
  ["localhost:80a", "http", /port "80a" is not a number/],
  ["localhost:-1", "http", /port "-1" is not a number/],
  ["localhost:", "http", /the port behind ":" is missing/],
  ["http://localhost:", "http", /the port behind ":" is missing/],
  ["0", "http", /port 0 is not between 1 and 65535/],
  ["65536", "http", /port 65536 is not between/],
  [70000, "tcp", /port 70000 is not between/],
  [-1, "http", /"-1" is not a host name/],
  [80.5, "tcp", /needs a port/],
  ["localhost:0", "http", /port 0 is not between/],
  ["::1", "http", /an IPv6 address needs brackets, as in "\[::1\]:8080"/],
  ["::1:80", "tcp", /needs brackets/],
  ["a:b:c", "http", /more than one colon/],
  ["[::1", "http", /the bracket "\[" is not closed/],
  ["[::g]:80", "http", /"::g" is not an IPv6 address/],
  ["[1.2.3.4]:80", "http", /"1.2.3.4" is not an IPv6 address/],
  ["[::1]80", "http", /"80" follows the closing bracket/],
  ["[::1]:", "http", /the port behind ":" is missing/],
  [
    "http://localhost:8080/app",
    "http",
    /"\/app" is not part of an address; remove the path/,
  ],
  ["localhost:8080/app", "http", /remove the path/],
  ["localhost:8080?x=1", "http", /"\?x=1" is not part/],
  ["http://h#f", "http", /"#f" is not part/],
  ["tcp://h:80/", "tcp", /remove the path/],
  [
    "http://user:pw@h:80",
    "http",
    /a user name or password cannot be part of it/,
  ],
  ["me@h:80", "http", /a user name or password/],
  ["my host:80", "http", /"my host" is not a host name/],
  ["a..b:80", "http", /"a\.\.b" is not a host name/],
  ["-h:80", "http", /"-h" is not a host name/],
  ["*.example.org:80", "http", /is not a host name/],
  ["h\u0000:80", "http", /is not a host name/],
  [`${"a".repeat(64)}:80`, "http", /is not a host name/],
  ["unix:", "http", /the path of the unix socket is missing/],
  ["unix:app.sock", "http", /needs an absolute path/],
  ["unix://app.sock", "http", /needs an absolute path/],
  ["file://", "http", /a directory needs an absolute path/],
  ["file:", "http", /a directory needs an absolute path/],
  ["\\\\server\\pipe\\app", "http", /a named pipe is one of this machine/],
  ["pipe:", "http", /a named pipe is one of this machine/],
  ["npipe:////./pipe/", "tcp", /a named pipe is one of this machine/],
  ["file://./www", "http", /a directory needs an absolute path/],
  ["file:www", "http", /a directory needs an absolute path/],
  ["file://C:", "http", /a directory needs an absolute path/],
  ["file:////host/share", "http", /a directory needs an absolute path/],
  ["file:///a\u0000b", "http", /a path has no NUL/],
  ["file:///srv/www", "tls", /the scheme "file" does not fit a tls endpoint/],
  [
    "file://www",
    "http",
    /a directory needs an absolute path, as in "file:\/\/\/srv\/www"/,
  ],
  ["file:///srv/www", "tcp", /the scheme "file" does not fit a tcp endpoint/],
];

for (const [text, kind, display] of GOOD) {
  test(`parseUpstream() reads ${JSON.stringify(text)} of an ${kind} endpoint as ${display}`, () => {
    const upstream = parseUpstream(text, kind);
    assert.equal(upstream.display, display);
    assert.equal(upstream.kind, kind);
    if (upstream.scheme === "unix") {
      assert.equal(`unix:${upstream.path}`, display);
    } else if (upstream.scheme === "file" || upstream.scheme === "pipe") {
      assert.deepEqual([upstream.host, upstream.port], ["", 0]);
    } else {
      const host = upstream.host.includes(":") ? `[${upstream.host}]` : upstream.host;
      assert.equal(`${upstream.scheme}://${host}:${upstream.port}`, display);
    }
  });
}

for (const [text, kind, reason] of BAD) {
  test(`parseUpstream() refuses ${JSON.stringify(text).slice(0, 60)} of an ${kind} endpoint`, () => {
    assert.throws(() => parseUpstream(text, kind), (thrown) => {
      assert.ok(thrown instanceof TunnelError);
      assert.equal(thrown.code, "address_invalid");
      assert.match(thrown.message, reason);
      assert.ok(
        thrown.message.includes(`"${String(text).trim()}"`),
        "the address is named",
      );
      assert.equal(thrown.message.endsWith("."), false);
      return true;
    });
  });
}

test("parseUpstream() gives a named pipe the path that Windows knows, and refuseElsewhere() refuses it where there is none", () => {
  const upstream = parseUpstream("npipe:////./pipe/app", "http");
  assert.equal(upstream.path, "\\\\.\\pipe\\app");
  assert.equal(hostOf(upstream), "localhost");
  refuseElsewhere(upstream, "windows");
  assert.throws(() => refuseElsewhere(upstream, "linux"), {
    code: "unsupported",
    message: 'Cannot forward to "pipe://./app": named pipes are a thing of Windows; ' +
      'use a unix socket here, as in "unix:/run/app.sock"',
  });
  refuseElsewhere(parseUpstream("unix:/run/app.sock", "http"), "linux");
});

test("parseUpstream() keeps what it printed: the canonical URL reads back as itself", () => {
  for (const [text, kind, display] of GOOD) {
    const again = parseUpstream(display, kind);
    assert.deepEqual(again, parseUpstream(text, kind));
  }
});

test("parseUpstream() gives the path of a directory as the system knows it", () => {
  const paths: [address: string, path: string][] = [
    ["file:///srv/www", "/srv/www"],
    ["file:///", "/"],
    ["file:///srv/my%20site/", "/srv/my site"],
    ["file:///srv/a%2520b", "/srv/a%20b"],
    ["file:///srv/100%", "/srv/100%"],
    ["file:///srv/a%00b", "/srv/a%00b"],
    ["file://C:\\dir\\sub", "C:/dir/sub"],
    ["file:///C:/dir", "C:/dir"],
    ["file:///c:/", "c:/"],
  ];
  for (const [address, path] of paths) {
    assert.equal(parseUpstream(address, "http").path, path, address);
  }
});

test("S18 parseUpstream() reads a bracketed IPv6 literal with a port", () => {
  const { scheme, host, port } = parseUpstream("[::1]:80", "http");
  assert.deepEqual([scheme, host, port], ["http", "::1", 80]);
});

test("S19 parseUpstream() reads an https URL with an IPv6 literal that ends in a dotted quad", () => {
  const address = "https://[2001:db8::123.123.123.123]:8443";
  const { scheme, host, port } = parseUpstream(address, "http");
  assert.deepEqual([scheme, host, port], ["https", "2001:db8::123.123.123.123", 8443]);
});

test("hostOf() is what a browser on this machine would send", () => {
  const hosts: [address: string, host: string][] = [
    ["8080", "localhost:8080"],
    ["http://shop.test:80", "shop.test"],
    ["https://shop.test", "shop.test"],
    ["https://shop.test:80", "shop.test:80"],
    ["[::1]:80", "[::1]"],
    ["[::1]:81", "[::1]:81"],
    ["[fe80::1%eth0]:81", "[fe80::1]:81"],
    ["[fe80::1%eth0]", "[fe80::1]"],
    ["unix:/run/app.sock", "localhost"],
    ["file:///srv/www", "localhost"],
  ];
  for (const [address, host] of hosts) {
    assert.equal(hostOf(parseUpstream(address, "http")), host, address);
  }
});
