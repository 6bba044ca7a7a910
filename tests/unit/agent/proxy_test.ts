import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import {
  isPassedBy,
  parseProxyUrl,
  proxyOfEnvironment,
  showProxy,
} from "../../../lib/agent/proxy.ts";

test("parseProxyUrl() knows kinds, default ports and credentials", () => {
  const show = (text: string) => showProxy(parseProxyUrl(text));
  assert.equal(show("http://proxy.test:3128"), "http://proxy.test:3128");
  assert.equal(show("http://proxy.test"), "http://proxy.test:80");
  assert.equal(show("https://proxy.test/"), "https://proxy.test:443");
  assert.equal(show("https://proxy.test:80"), "https://proxy.test:80");
  assert.equal(show("SOCKS5://[::1]"), "socks5://[::1]:1080");
  assert.equal(show("socks5h://proxy.test:9"), "socks5://proxy.test:9");
  assert.equal(show("proxy.test:3128"), "http://proxy.test:3128");
  const { user, password } = parseProxyUrl("http://ada:p%3Aw%C3%BC@proxy.test");
  assert.deepEqual([user, password], ["ada", "p:wü"]);
});

test("parseProxyUrl() says what is wrong, and keeps the secret", () => {
  for (
    const text of ["ftp://a:s3cret@h", "http://a:s3cret@", "http://a:s3cret@h/path", "http://a:%@h"]
  ) {
    assert.throws(() => parseProxyUrl(text, "the variable X"), (error: Error) => {
      assert.match(error.message, /^Cannot use the variable X: /);
      assert.doesNotMatch(`${error.message}${error.cause ?? ""}`, /s3cret/);
      return true;
    });
  }
});

test("proxyOfEnvironment() prefers what stands for https, and passes loopback by", () => {
  const of = (env: Record<string, string>) => proxyOfEnvironment((name) => env[name]);
  assert.deepEqual(of({}), {});
  assert.deepEqual(of({ no_proxy: "*" }), {});
  const { proxyUrl, noProxy } = of({
    http_proxy: "http://a",
    HTTPS_PROXY: "http://b",
    NO_PROXY: "x.test",
  });
  assert.equal(proxyUrl, "http://b");
  assert.ok(isPassedBy(noProxy!, "x.test", 443) && isPassedBy(noProxy!, "127.0.0.9", 443));
  assert.ok(isPassedBy(noProxy!, "localhost", 443) && isPassedBy(noProxy!, "::1", 443));
  assert.ok(!isPassedBy(noProxy!, "y.test", 443));
  assert.equal(of({ ALL_PROXY: "x", all_proxy: "socks5://c" }).proxyUrl, "socks5://c");
  assert.throws(() => of({ http_proxy: "gopher://h" }), /the environment variable http_proxy/);
});

test("isPassedBy() reads names, suffixes, addresses, ranges and ports", () => {
  const cases: readonly [string, string, boolean][] = [
    ["edge.test", "edge.test", true],
    ["edge.test", "a.edge.test", true],
    ["edge.test", "notedge.test", false],
    [".edge.test", "a.Edge.test", true],
    ["*.edge.test", "a.edge.test", true],
    ["a, b c", "c", true],
    ["*", "anything", true],
    ["10.0.0.0/8", "10.9.9.9", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["192.0.2.1", "192.0.2.1", true],
    ["2001:db8::1", "2001:db8::1", true],
    ["[2001:db8::1]:443", "2001:db8::1", true],
    ["[2001:db8::1]:444", "2001:db8::1", false],
    ["edge.test:443", "edge.test", true],
    ["edge.test:8443", "edge.test", false],
    ["", "edge.test", false],
  ];
  for (const [list, host, isPassed] of cases) {
    assert.equal(isPassedBy(list, host, 443), isPassed, `${list} ${host}`);
  }
});
