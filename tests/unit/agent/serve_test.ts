import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import {
  handlerOf,
  HandlerService,
  type ServeApp,
  type ServeHandler,
  type ServingOptions,
} from "../../../lib/agent/serve.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import { readAll } from "../../fakes/edge.ts";

const VISITOR = { remote: { host: "192.0.2.7", port: 50_000 }, url: "https://a.test" };
const HANDSHAKE = "GET /chat HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\n" +
  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Everything a handler answers to these bytes, until it hangs up. */
async function ask(
  handler: ServeHandler | ServeApp,
  text: string,
  onError?: ServingOptions["onError"],
): Promise<string> {
  const clock = new FakeClock(0);
  const service = new HandlerService(handler, { clock, logger: silentLogger, onError });
  const [visitor, conn] = pair();
  service.enter(conn, VISITOR);
  visitor.write(encodeText(text));
  visitor.closeWrite();
  return await readAll(visitor);
}

test("HandlerService gives the handler a request and tells who asks", async () => {
  const answer = await ask(
    (request, info) => new Response(`${request.url} for ${info.remote.host} at ${info.url}`),
    "GET /x?y=1 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(answer, /https:\/\/a\.test\/x\?y=1 for 192\.0\.2\.7 at https:\/\/a\.test$/);
});

test("HandlerService lets a handler upgrade, its headers included", async () => {
  const service = new HandlerService((_, info) => {
    const { socket, response } = info.upgradeWebSocket({ pingIntervalMs: 0 });
    socket.onmessage = ({ data }) => socket.send(`you said ${data}`);
    response.headers.set("Set-Cookie", "a=b");
    return response;
  }, { clock: new FakeClock(0), logger: silentLogger });
  const [visitor, conn] = pair();
  service.enter(conn, VISITOR);
  visitor.write(encodeText(HANDSHAKE));
  assert.equal(
    decodeText((await visitor.read())!),
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nset-cookie: a=b\r\n\r\n",
  );
  visitor.write(new Uint8Array([0x81, 0x82, 0, 0, 0, 0, 104, 105])); // "hi", masked with zeros
  assert.equal(decodeText((await visitor.read())!.subarray(2)), "you said hi");
  visitor.abort();
});

test("HandlerService answers a handler that upgrades a plain request with 500", async () => {
  const answer = await ask(
    (_, info) => info.upgradeWebSocket().response,
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 500 /);
});

test("HandlerService takes an upgrade back that the handler answers with an error", async () => {
  let closed = 0;
  const answer = await ask((_, info) => {
    info.upgradeWebSocket().socket.onclose = () => closed++;
    return new Response("no", { status: 403, headers: { connection: "close" } });
  }, HANDSHAKE);
  assert.match(answer, /^HTTP\/1\.1 403 /);
  assert.equal(closed, 1);
});

test("HandlerService lets a handler that throws after accepting fail like any other", async () => {
  let closed = 0;
  const answer = await ask((_, info) => {
    info.upgradeWebSocket().socket.onclose = () => closed++;
    throw new Error("oops");
  }, HANDSHAKE);
  assert.match(answer, /^HTTP\/1\.1 500 /);
  assert.equal(closed, 1);
});

const PLAIN = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

test("HandlerService lets onError answer for a handler that fails, upgrade or not", async () => {
  const onError = (thrown: unknown, request: Request) =>
    new Response(`${request.method} ${(thrown as Error).message}`, {
      headers: { connection: "close" },
    });
  const failing = () => Promise.reject(new Error("oops"));
  assert.match(await ask(failing, PLAIN, onError), /^HTTP\/1\.1 200 [^]*GET oops$/);
  let closed = 0;
  const upgrading = await ask(
    (_, info) => {
      info.upgradeWebSocket().socket.onclose = () => closed++;
      throw new Error("oops");
    },
    HANDSHAKE,
    onError,
  );
  assert.match(upgrading, /^HTTP\/1\.1 200 [^]*GET oops$/);
  assert.equal(closed, 1);
});

test("HandlerService takes an app with a fetch of its own, and refuses what is neither", async () => {
  const app = {
    greeting: "hello",
    fetch(
      _: Request,
      { remoteAddr: { hostname, transport } }: {
        remoteAddr: { hostname: string; transport: string };
      },
    ) {
      return new Response(`${this.greeting} ${hostname} by ${transport}`);
    },
  };
  assert.match(await ask(app, PLAIN), /hello 192\.0\.2\.7 by tcp$/);
  assert.throws(() => handlerOf(null as never), {
    name: "TypeError",
    message: /serve null: neither/,
  });
  assert.throws(() => handlerOf({} as never), /neither a function nor an object with "fetch"/);
});

test("HandlerService gives handlers the trailers of requests, and sends early hints and theirs", async () => {
  let completed: Promise<void> | undefined;
  const answer = await ask(
    async (request, info) => {
      completed = info.completed;
      info.sendEarlyHints({ link: "</a.css>; rel=preload" });
      const text = await request.text();
      const trailers = await info.requestTrailers();
      info.sendTrailers({ "x-length": String(text.length), "x-seen": trailers.get("x-sum") ?? "" });
      return new Response(text, { headers: { "content-type": "a/b" } });
    },
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
  );
  assert.equal(
    answer,
    "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n" +
      "HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
      "Trailer: x-length, x-seen\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
      "3\r\nabc\r\n0\r\nx-length: 3\r\nx-seen: 7\r\n\r\n",
  );
  await completed;
});

test("HandlerService.drain() ends connections after the request under way", async () => {
  let answer = (_: Response) => {};
  let asked = () => {};
  const wasAsked = new Promise<void>((resolve) => asked = resolve);
  const service = new HandlerService(
    () => {
      asked();
      return new Promise<Response>((resolve) => answer = resolve);
    },
    { clock: new FakeClock(0), logger: silentLogger },
  );
  const [visitor, conn] = pair();
  service.enter(conn, VISITOR);
  visitor.write(encodeText("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  await wasAsked;
  service.drain();
  answer(new Response("last"));
  visitor.closeWrite();
  assert.match(await readAll(visitor), /\r\nConnection: close\r\n\r\nlast$/);
});

test("serve() of an agent answers visitors of the edge in this program", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const endpoint = await agent.serve(() => new Response("from inside"), { name: "app" });
  assert.equal(endpoint.upstream, "app://localhost");
  assert.equal(endpoint.proto, "https");
  const visitor = stage.edge.session.visit(
    { Id: endpoint.id },
    encodeText("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
  );
  let text = "";
  const reading = readAll(visitor).then((all) => text = all);
  await stage.until(() => text !== "");
  await reading;
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*from inside$/);
  await stage.stop();
  assert.equal(stage.clock.pending, 0);
});
