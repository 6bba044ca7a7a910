import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { parseProxyUrl } from "../../../lib/agent/proxy.ts";
import { connectOverHttp } from "../../../lib/agent/proxy_http.ts";

/** Lets a proxy say `answer`; gives what it was asked, and the carrier. */
async function ask(url: string, answer: string, host = "edge.test") {
  const [ours, theirs] = pair();
  theirs.write(new TextEncoder().encode(answer));
  if (answer.endsWith("|")) theirs.closeWrite();
  const error = await connectOverHttp(ours, parseProxyUrl(url), host, 443)
    .then(() => undefined, (thrown) => thrown as Error & { code: string });
  const question = new TextDecoder().decode(await theirs.read());
  return { question, error, ours };
}

test("connectOverHttp() asks for host and port, and leaves what follows to the edge", async () => {
  const { question, error, ours } = await ask(
    "http://p.test",
    "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst",
  );
  assert.equal(error, undefined);
  assert.match(
    question,
    /^CONNECT edge\.test:443 HTTP\/1\.1\r\nHost: edge\.test:443\r\nUser-Agent: sallyport\/\S+\r\n\r\n$/,
  );
  assert.equal(new TextDecoder().decode(await ours.read()), "first");
});

test("connectOverHttp() sends credentials and brackets", async () => {
  const { question } = await ask("http://ada:w%C3%BC@p.test", "HTTP/1.1 200 OK\r\n\r\n", "::1");
  assert.match(question, /^CONNECT \[::1\]:443 HTTP/);
  assert.match(question, /\r\nProxy-Authorization: Basic YWRhOnfDvA==\r\n/);
});

test("connectOverHttp() says what the proxy said", async () => {
  const begin = 'Cannot reach "edge.test:443" through the proxy http://p.test:80: ';
  const about = async (url: string, answer: string) => {
    const { error } = await ask(url, answer);
    assert.equal(error?.code, "proxy_failed");
    assert.ok(error.message.startsWith(begin), error.message);
    return error.message.slice(begin.length);
  };
  assert.match(await about("http://p.test", "HTTP/1.1 407 No\r\n\r\n"), /^it wants credentials/);
  assert.equal(
    await about("http://a:s3cret@p.test", "HTTP/1.1 407 No\r\n\r\n"),
    "it does not accept the credentials of its URL",
  );
  assert.equal(
    await about("http://p.test", "HTTP/1.1 403 Not here\r\n\r\n"),
    "it answered 403 Not here",
  );
  assert.equal(
    await about("http://p.test", "HTTP/1.1 100 Go on\r\n\r\n".repeat(9)),
    "it does not come to an answer",
  );
  assert.equal(
    await about("http://p.test", "\x05\xff\r\n\r\n"),
    "it does not speak HTTP; for a SOCKS5 proxy write socks5://host:port",
  );
  const [ours, theirs] = pair();
  theirs.closeWrite();
  await assert.rejects(connectOverHttp(ours, parseProxyUrl("http://p.test"), "edge.test", 443), {
    message: `${begin}it closed the connection without an answer`,
  });
});
