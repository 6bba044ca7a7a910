import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { ExchangeExtras } from "../../../lib/http/fetch_extras.ts";
import type { FetchExtras, FetchHandler, FetchInfo } from "../../../lib/http/fetch_options.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { readAll } from "../../fakes/edge.ts";
import { DATE, SAID, said } from "../../fakes/fetch_scene.ts";
import { test } from "../../harness.ts";

interface Info extends FetchInfo {
  readonly extras: FetchExtras;
}

/** Everything a handler answers to these bytes. */
async function ask(handler: FetchHandler<Info>, text: string): Promise<string> {
  const [visitor, conn] = pair();
  const { over } = serveFetch<Info>(conn, handler, {
    clock: new FakeClock(0),
    scheme: "http",
    infoOf: (extras) => ({ extras }),
  });
  visitor.write(encodeText(text));
  visitor.closeWrite();
  const answer = await readAll(visitor);
  await over;
  return answer;
}

const head = (method: string, version = "1.1") => `${method} / HTTP/${version}\r\nHost: a\r\n`;
const GET = `${head("GET")}Connection: close\r\n\r\n`;
const CLOSE = "Connection: close\r\n\r\n";

test("sendTrailers() asks a function when the body has left", async () => {
  const steps: string[] = [];
  const answer = await ask((_, { extras }) => {
    extras.sendTrailers(async () => {
      steps.push("asked");
      await undefined;
      return { "x-sum": "9" };
    });
    return new Response(
      new ReadableStream({
        pull(controller) {
          steps.push("pulled");
          controller.enqueue(encodeText("abc"));
          controller.close();
        },
      }, { highWaterMark: 0 }),
      { headers: { "content-type": "a/b", "content-length": "3", trailer: "x-sum" } },
    );
  }, GET);
  assert.deepEqual(steps, ["pulled", "asked"]);
  const lines = `content-type: a/b\r\ntrailer: x-sum\r\n${DATE}Transfer-Encoding: chunked\r\n`;
  assert.equal(answer, `HTTP/1.1 200 OK\r\n${lines}${CLOSE}3\r\nabc\r\n0\r\nx-sum: 9\r\n\r\n`);
});

test("sendTrailers() sends trailers behind nothing at all", async () => {
  const answer = await ask((_, { extras }) => {
    extras.sendTrailers([["grpc-status", "5"]]);
    return new Response(null, { headers: { "content-type": "a/b" } });
  }, GET);
  assert.equal(
    answer,
    `HTTP/1.1 200 OK\r\n${SAID}Trailer: grpc-status\r\nTransfer-Encoding: chunked\r\n${CLOSE}` +
      "0\r\ngrpc-status: 5\r\n\r\n",
  );
});

test("sendTrailers() and sendEarlyHints() do nothing where a visitor could not understand it", async () => {
  let asked = 0;
  const handler: FetchHandler<Info> = (_, { extras }) => {
    extras.sendEarlyHints({ link: "x" });
    extras.sendTrailers(() => {
      asked++;
      return { a: "b" };
    });
    return said("abc");
  };
  const plain = `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 3\r\n${CLOSE}abc`;
  assert.equal(await ask(handler, `${head("GET", "1.0")}\r\n`), plain);
  const toHead = await ask(handler, `${head("HEAD")}${CLOSE}`);
  assert.match(toHead, /^HTTP\/1\.1 103 [^]*HTTP\/1\.1 200 [^]*\r\n\r\n$/);
  assert.equal(asked, 0);
});

test("sendTrailers() and sendEarlyHints() refuse what cannot be sent", async () => {
  await ask((_, { extras }) => {
    assert.throws(() => extras.sendTrailers({ "content-length": "3" }), {
      name: "TypeError",
      message: /Cannot send the trailer "content-length": it is needed before the body/,
    });
    assert.throws(() => extras.sendTrailers({ "a b": "c" }), TypeError);
    assert.throws(() => extras.sendEarlyHints({ a: "b\nc" }), TypeError);
    return said("");
  }, GET);
  const owner = {
    http10: false,
    begun: true,
    trailers: () => Promise.resolve([]),
    sendInterim: () => assert.fail(),
  };
  const late = new ExchangeExtras(owner);
  assert.throws(() => late.sendTrailers({ a: "b" }), { code: "conflict" });
  assert.throws(() => late.sendEarlyHints({ a: "b" }), { code: "conflict" });
});

test("sendEarlyHints() leaves framing out, and may be called again", async () => {
  const answer = await ask((_, { extras }) => {
    extras.sendEarlyHints({ link: "</a>", "content-length": "7", connection: "close" });
    extras.sendEarlyHints([["link", "</b>"]]);
    return said("x");
  }, GET);
  const hints =
    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n";
  assert.ok(answer.startsWith(`${hints}HTTP/1.1 200 OK\r\n`), answer);
});

test("requestTrailers() has those of a body in chunks, and none of any other", async () => {
  const handler: FetchHandler<Info> = async (request, { extras }) => {
    await request.arrayBuffer();
    return said(JSON.stringify([...await extras.requestTrailers()]));
  };
  const chunked = `${
    head("POST")
  }Transfer-Encoding: chunked\r\n${CLOSE}1\r\na\r\n0\r\nB: c\r\n\r\n`;
  assert.match(await ask(handler, chunked), /\[\["b","c"\]\]$/);
  assert.match(await ask(handler, `${head("POST")}Content-Length: 1\r\n${CLOSE}a`), /\[\]$/);
  assert.match(await ask(handler, GET), /\[\]$/);
});

test("requestTrailers() fails with the body, and when nobody reads it", async () => {
  const failures: string[] = [];
  const note = (thrown: TunnelError) => void failures.push(thrown.code);
  const cut = `${head("POST")}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz`;
  await ask(async (request, { extras }) => {
    await Promise.allSettled([
      request.text(),
      extras.requestTrailers().catch(note),
    ]);
    return said("");
  }, cut);
  const [visitor, conn] = pair();
  let unread: Promise<unknown> | undefined;
  const visit = serveFetch<Info>(conn, (_, { extras }) => {
    unread = extras.requestTrailers().catch(note);
    return said("");
  }, { clock: new FakeClock(0), scheme: "http", infoOf: (extras) => ({ extras }) });
  visitor.write(encodeText(`${head("POST")}Transfer-Encoding: chunked\r\n\r\n`));
  await visitor.read();
  await unread;
  visitor.abort();
  await visit.over;
  assert.deepEqual(failures, ["http_invalid", "aborted"]);
});

test("completed settles with the response, and rejects when it is cut", async () => {
  const outcomes: string[] = [];
  const note = (extras: FetchExtras) =>
    extras.completed.then(() => outcomes.push("sent"), (thrown) => outcomes.push(thrown.message));
  await ask((_, { extras }) => {
    void note(extras);
    return said("x");
  }, GET);
  await ask((_, { extras }) => {
    void note(extras);
    let pulls = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (pulls++ > 0) throw new Error("broken");
          await new Promise((resolve) => setTimeout(resolve, 0));
          controller.enqueue(encodeText("a"));
        },
      }),
    );
  }, GET).catch(() => undefined);
  await ask((_, { extras }) => {
    // looked at by nobody: no unhandled rejection
    void extras.completed;
    return said("x");
  }, GET);
  assert.deepEqual(outcomes, ["sent", "broken"]);
});
