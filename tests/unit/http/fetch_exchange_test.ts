/** @module */
import assert from "node:assert/strict";
import type { Duplex } from "../../../lib/base/duplex.ts";
import type { FetchHandler } from "../../../lib/http/fetch_options.ts";
import {
  answerTo,
  DATE,
  type FetchScene,
  fetchScene,
  generated,
  SAID,
  said,
} from "../../fakes/fetch_scene.ts";
import { latin1Bytes, latin1Text, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const CHUNKED_HEAD = `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n`;
const EMPTY = `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n\r\n`;
const EMPTY_CLOSE = `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\nConnection: close\r\n\r\n`;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return latin1Bytes(text) as Uint8Array<ArrayBuffer>;
}

function upload(lengthBytes: number, headers = ""): string {
  return `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${lengthBytes}\r\n${headers}\r\n`;
}

/** A body that the test writes by hand. */
function handMade(): {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  readonly cancelled: unknown[];
} {
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const cancelled: unknown[] = [];
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (given) => void (controller = given),
    cancel: (reason) => void cancelled.push(reason),
  });
  return { body, controller, cancelled };
}

async function leaves({ visitor, visit }: FetchScene): Promise<void> {
  visitor.duplex.closeWrite();
  await visitor.readToEnd();
  await visit.over;
}

// What a handler sends.

test("FetchExchange sends the head of a stream at once, and each chunk at once", async () => {
  const { body, controller } = handMade();
  const scene = fetchScene(() =>
    new Response(body, { headers: { "Content-Type": "text/event-stream" } })
  );
  await scene.visitor.send(GET);
  await scene.visitor.expect(
    `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n`,
  );
  for (const event of ["data: 1\n\n", "data: 22\n\n"]) {
    const before = scene.conn.writes;
    controller.enqueue(bytes(event));
    await scene.visitor.expect(`${event.length.toString(16)}\r\n${event}\r\n`);
    assert.equal(scene.conn.writes, before + 1);
  }
  controller.close();
  await scene.visitor.expect("0\r\n\r\n");
  await leaves(scene);
});

test("FetchExchange sends a response that is at hand in one write", async () => {
  for (const body of [bytes("hello"), "hello", new Blob(["hello"]), generated(hello())]) {
    const scene = fetchScene(() => new Response(body, { headers: { "Content-Type": "a/b" } }));
    await scene.visitor.send(GET);
    await scene.visitor.expect(
      `HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
    );
    assert.equal(scene.conn.writes, 1);
    await leaves(scene);
  }
});

async function* hello(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield bytes("hel");
  await undefined;
  yield bytes("lo");
}

test("FetchExchange keeps to the Content-Length of the handler", async () => {
  const { body, controller } = handMade();
  const headers = { "Content-Length": "4" };
  const scene = fetchScene(({ method }) =>
    new Response(method === "GET" ? body : null, { headers })
  );
  await scene.visitor.send(GET + GET.replace("GET", "HEAD"));
  await scene.visitor.expect(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 4\r\n\r\n`);
  controller.enqueue(bytes("ab"));
  await scene.visitor.expect("ab");
  controller.enqueue(bytes("cd"));
  await scene.visitor.expect("cd");
  controller.close();
  await scene.visitor.expect(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 4\r\n\r\n`);
  await leaves(scene);
});

test("FetchExchange cuts the connection when a body is not as long as the handler said", async () => {
  for (const [chunk, ends] of [["a", true], ["abcde", false]] as const) {
    const { body, controller } = handMade();
    const headers = { "Content-Length": "4" };
    const { visitor, visit, log } = fetchScene(() => new Response(body, { headers }));
    await visitor.send(GET);
    await visitor.expect(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 4\r\n\r\n`);
    controller.enqueue(bytes(chunk));
    if (ends) controller.close();
    await assert.rejects(visitor.readToEnd());
    await visit.over;
    assert.match(String(log.errors[0].fields?.error), /Content-Length/);
  }
});

test("FetchExchange answers 500 when that is known before anything was sent", async () => {
  const wrong: (() => Response)[] = [
    () => new Response(bytes("abc"), { headers: { "Content-Length": "4" } }),
    () => new Response(bytes("abcde"), { headers: { "Content-Length": "4" } }),
    () => new Response(null, { headers: { "Content-Length": "4" } }),
    () => new Response(null, { headers: { "Content-Length": "4, 4" } }),
    () => new Response(null, { headers: { "Transfer-Encoding": "gzip" } }),
    () => new Response(null, { headers: { "X": "a\x01b" } }),
    () => Response.error(),
    () => undefined as unknown as Response,
    () => "hello" as unknown as Response,
    () =>
      new Response(
        new ReadableStream({ start: (c) => c.enqueue("text" as unknown as Uint8Array) }),
      ),
    () => new Response(new ReadableStream({ start: (c) => c.error(new Error("broken")) })),
    () => {
      const response = new Response(bytes("abc"));
      response.body!.getReader();
      return response;
    },
  ];
  for (const handler of wrong) {
    const { visitor, visit, log } = fetchScene(handler);
    await visitor.send(GET + GET.replace("GET", "HEAD"));
    visitor.duplex.closeWrite();
    const answer = await visitor.readToEnd();
    assert.match(answer, /^HTTP\/1\.1 500 Internal Server Error\r\n/, `${handler}`);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)!.length, 2, `${handler}`);
    await visit.over;
    assert.equal(log.errors[0].message, "handler failed");
  }
});

test("FetchExchange answers 500 when the body was read before", async () => {
  const used = new Response(bytes("abc"));
  await used.text();
  assert.match(await answerTo(GET, () => used), /^HTTP\/1\.1 500 /);
});

test("FetchExchange tells the log why a handler failed, without the query", async () => {
  const { visitor, visit, log } = fetchScene(() => Promise.reject(new Error("broken")));
  await visitor.send("GET /a?token=secret HTTP/1.1\r\nHost: a.test\r\n\r\n");
  visitor.duplex.closeWrite();
  await visitor.readToEnd();
  await visit.over;
  const [{ message, fields }] = log.errors;
  assert.deepEqual([message, fields?.method, fields?.path, fields?.error], [
    "handler failed",
    "GET",
    "/a",
    "broken",
  ]);
  assert.match(String(fields?.stack), /broken/);
  assert.doesNotMatch(JSON.stringify(log.lines), /secret/);
});

test("FetchExchange cuts the connection when a body breaks on the way", async () => {
  const { body, controller } = handMade();
  const { visitor, visit, log } = fetchScene(() => new Response(body));
  await visitor.send(GET);
  controller.enqueue(bytes("a"));
  await visitor.expect(`${CHUNKED_HEAD}1\r\na\r\n`);
  controller.error(new Error("broken"));
  await assert.rejects(visitor.readToEnd());
  await visit.over;
  assert.equal(log.errors.length, 1);
});

test("FetchExchange sends a stream to HTTP/1.0 until the connection closes", async () => {
  const { body, controller } = handMade();
  const scene = fetchScene(() => new Response(body));
  await scene.visitor.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  await scene.visitor.expect(`HTTP/1.1 200 OK\r\n${DATE}Connection: close\r\n\r\n`);
  controller.enqueue(bytes("ab"));
  await scene.visitor.expect("ab");
  controller.close();
  assert.equal(await scene.visitor.readToEnd(), "");
  await leaves(scene);
});

test("FetchExchange skips empty chunks, which would end a chunked body", async () => {
  const { body, controller } = handMade();
  const scene = fetchScene(() => new Response(body));
  await scene.visitor.send(GET);
  await scene.visitor.expect(CHUNKED_HEAD);
  controller.enqueue(bytes(""));
  controller.enqueue(bytes("a"));
  controller.enqueue(bytes(""));
  await scene.visitor.expect("1\r\na\r\n");
  controller.close();
  await scene.visitor.expect("0\r\n\r\n");
  await leaves(scene);
});

test("FetchExchange reads a body of its handler no faster than the visitor takes it", async () => {
  let made = 0;
  const scene = fetchScene(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          made++;
          controller.enqueue(new Uint8Array(100_000));
        },
      }, { highWaterMark: 0 }),
    ), { highWaterBytes: 100_000 });
  await scene.visitor.send(GET);
  await settle();
  // Up to 256 KiB are collected to find out how long the body is, and a chunk more is looked at.
  assert.ok(made <= 5, `${made} chunks were made`);
  const before = made;
  await settle();
  assert.equal(made, before);
  scene.visit.abort();
  await scene.visit.over;
});

// What a handler reads.

test("FetchExchange gives the handler the body as it comes, and reads no more than it wants", async () => {
  const got: string[] = [];
  let reader!: ReadableStreamDefaultReader<Uint8Array>;
  const scene = fetchScene((request) => {
    reader = request.body!.getReader();
    return new Promise(() => {});
  });
  await scene.visitor.send(upload(200_000));
  await settle();
  const before = scene.conn.reads;
  void scene.visitor.send("a");
  void scene.visitor.send("b".repeat(50_000));
  await settle();
  got.push(latin1Text((await reader.read()).value!));
  await settle();
  got.push(latin1Text((await reader.read()).value!));
  assert.deepEqual(got.map((text) => [text[0], text.length]), [["a", 1], ["b", 50_000]]);
  assert.ok(scene.conn.reads <= before + 2, `${scene.conn.reads - before} reads`);
  scene.visit.abort();
  await scene.visit.over;
});

test("FetchExchange answers while it reads: an echo of a body that never ends", async () => {
  const scene = fetchScene((request) => new Response(request.body));
  await scene.visitor.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  await scene.visitor.expect(CHUNKED_HEAD);
  for (const text of ["a", "bc"]) {
    await scene.visitor.send(`${text.length}\r\n${text}\r\n`);
    await scene.visitor.expect(`${text.length}\r\n${text}\r\n`);
  }
  await scene.visitor.send("0\r\n\r\n" + GET.replace("GET", "HEAD"));
  await scene.visitor.expect("0\r\n\r\n");
  await scene.visitor.readHead();
  await leaves(scene);
});

test("FetchExchange asks for the body with 100 when the handler reads it, and not before", async () => {
  let read!: () => void;
  const scene = fetchScene(async (request) => {
    await new Promise<void>((resolve) => read = resolve);
    return said(await request.text());
  });
  await scene.visitor.send(upload(2, "Expect: 100-continue\r\n"));
  assert.equal(await scene.visitor.arrived(), "");
  read();
  await scene.visitor.expect(CONTINUE);
  await scene.visitor.send("hi");
  await scene.visitor.expect(`HTTP/1.1 200 OK\r\n${SAID}Content-Length: 2\r\n\r\nhi`);
  await leaves(scene);
});

test("FetchExchange sends no 100 when the body comes unasked, nor to HTTP/1.0", async () => {
  const handler: FetchHandler = async (request) => said(await request.text());
  const sent = upload(2, "Expect: 100-continue\r\n");
  const answer = `HTTP/1.1 200 OK\r\n${SAID}Content-Length: 2\r\n`;
  assert.equal(await answerTo(sent + "hi", handler), `${answer}\r\nhi`);
  const scene = fetchScene(handler);
  await scene.visitor.send(sent.replace("HTTP/1.1", "HTTP/1.0"));
  assert.equal(await scene.visitor.arrived(), "");
  await scene.visitor.send("hi");
  await scene.visitor.expect(`${answer}Connection: close\r\n\r\nhi`);
  await leaves(scene);
});

test("FetchExchange closes after an answer to a body that was not asked for: it may come or not", async () => {
  const scene = fetchScene(() => new Response(null));
  await scene.visitor.send(upload(2, "Expect: 100-continue\r\n"));
  assert.equal(await scene.visitor.readToEnd(), EMPTY_CLOSE);
  await leaves(scene);
});

test("FetchExchange fails a body that is wanted only after the head of the answer", async () => {
  let request!: Request;
  const { body, controller } = handMade();
  const scene = fetchScene((given) => {
    request = given;
    return new Response(body);
  });
  await scene.visitor.send(upload(2, "Expect: 100-continue\r\n"));
  await scene.visitor.readHead();
  await assert.rejects(request.text());
  controller.close();
  await scene.visitor.expect("0\r\n\r\n");
  await leaves(scene);
});

test("FetchExchange drops a small unread body and goes on, and closes after a large one", async () => {
  const small = fetchScene(() => new Response(null));
  await small.visitor.send(upload(100_000));
  await small.visitor.expect(EMPTY);
  await small.visitor.send("x".repeat(100_000) + GET);
  await small.visitor.expect(EMPTY);
  await leaves(small);

  const large = fetchScene(() => new Response(null));
  await large.visitor.send(upload(262_145));
  assert.equal(await large.visitor.readToEnd(), EMPTY_CLOSE);
  await leaves(large);

  const endless = fetchScene(() => new Response(null));
  await endless.visitor.send(
    "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  await endless.visitor.expect(EMPTY);
  for (let turn = 0; turn < 27; turn++) {
    await endless.visitor.send(`2710\r\n${"x".repeat(10_000)}\r\n`);
  }
  assert.equal(await endless.visitor.readToEnd(), "");
  await leaves(endless);
});

test("FetchExchange drops what is left of a body that the handler read in part, or refused", async () => {
  const partly: FetchHandler = async (request) => {
    await request.body!.getReader().read();
    return new Response(null);
  };
  const refusing: FetchHandler = async (request) => {
    await request.body!.cancel();
    return new Response(null);
  };
  for (const handler of [partly, refusing]) {
    const scene = fetchScene(handler);
    await scene.visitor.send(upload(20) + "x".repeat(10));
    await scene.visitor.expect(EMPTY);
    await scene.visitor.send("x".repeat(10) + GET.replace("GET", "HEAD"));
    // The HEAD has no body to read; this handler fails then.
    assert.match(await scene.visitor.readHead(), /^HTTP\/1\.1 500 /);
    await leaves(scene);
  }
});

test("FetchExchange takes the body away when the response is complete", async () => {
  let reading!: Promise<unknown>;
  const scene = fetchScene((request) => {
    reading = request.text();
    reading.catch(() => {});
    return new Response(null);
  });
  await scene.visitor.send(upload(2));
  await scene.visitor.expect(EMPTY);
  await assert.rejects(reading, /its response is complete/);
  await scene.visitor.send("hi" + GET.replace("GET", "HEAD"));
  await scene.visitor.readHead();
  await leaves(scene);
});

test("FetchExchange cuts a visitor that does not send the rest of a body nobody wants", async () => {
  const { visitor, clock, conn, visit } = fetchScene(() => new Response(null));
  await visitor.send(upload(20) + "x");
  await visitor.expect(EMPTY);
  await clock.advance(20_000);
  await visitor.send("x");
  await clock.advance(9_999);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
});

test("FetchExchange answers 408 when the body stops coming, and cuts nothing short", async () => {
  const { visitor, clock, visit } = fetchScene(async (request) =>
    new Response(await request.text())
  );
  await visitor.send(upload(3));
  await clock.advance(59_999);
  await visitor.send("a");
  await clock.advance(59_999);
  assert.equal(await visitor.arrived(), "");
  await clock.advance(1);
  const answer = await visitor.readToEnd();
  assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  assert.match(answer, /\r\nConnection: close\r\n/);
  visitor.duplex.closeWrite();
  await visit.over;
});

test("FetchExchange answers 400 when the visitor ends within the body, or lets the handler answer", async () => {
  const naive: FetchHandler = async (request) => new Response(await request.text());
  assert.match(
    await answerTo(upload(3) + "a", naive),
    /^HTTP\/1\.1 400 [^]*\r\nConnection: close\r\n/,
  );
  const careful: FetchHandler = async (request) => {
    try {
      return new Response(await request.text());
    } catch {
      return new Response(null, { status: 422 });
    }
  };
  assert.match(
    await answerTo(upload(3) + "a", careful),
    /^HTTP\/1\.1 422 [^]*\r\nConnection: close\r\n/,
  );
});

// Who goes away, and who takes long.

test("FetchExchange fires the signal and cancels the body when the visitor breaks off", async () => {
  const { body, cancelled } = handMade();
  let signal!: AbortSignal;
  const { visitor, visit, log } = fetchScene((request) => {
    signal = request.signal;
    return new Response(body);
  });
  await visitor.send(GET);
  await visitor.readHead();
  assert.equal(signal.aborted, false);
  visitor.duplex.abort();
  await visit.over;
  assert.equal(signal.aborted, true);
  assert.equal((signal.reason as DOMException).name, "AbortError");
  assert.equal(cancelled.length, 1);
  assert.deepEqual(log.errors, []);
});

test("FetchExchange notices a visitor that breaks off with bytes unread", async () => {
  const { body, cancelled } = handMade();
  const { visitor, visit } = fetchScene(() => new Response(body));
  await visitor.send(GET + GET + GET);
  await visitor.readHead();
  visitor.duplex.abort();
  await visit.over;
  assert.equal(cancelled.length, 1);
});

test("FetchExchange does not wait for a handler whose visitor is gone, and drops its late answer", async () => {
  for (const late of ["response", "error"] as const) {
    const { body, cancelled } = handMade();
    let settleHandler!: () => void;
    const { visitor, visit, log } = fetchScene(() =>
      new Promise<Response>((resolve, reject) => {
        settleHandler = late === "response"
          ? () => resolve(new Response(body))
          : () => reject(new Error("too late"));
      })
    );
    await visitor.send(GET);
    await settle();
    visitor.duplex.abort();
    await visit.over;
    settleHandler();
    await settle();
    assert.equal(cancelled.length, late === "response" ? 1 : 0);
    assert.deepEqual(log.errors, []);
    assert.equal(
      log.lines.some(({ message }) => message.includes("after its visitor left")),
      late === "error",
    );
  }
});

test("FetchExchange fails the body and fires the signal when the visitor breaks off within it", async () => {
  let failed: unknown;
  let signal!: AbortSignal;
  const { visitor, visit } = fetchScene(async (request) => {
    signal = request.signal;
    try {
      await request.text();
    } catch (thrown) {
      failed = thrown;
    }
    return new Response(null);
  });
  await visitor.send(upload(3) + "a");
  await settle();
  visitor.duplex.abort();
  await visit.over;
  await settle();
  assert.ok(failed);
  assert.equal(signal.aborted, true);
});

test("FetchExchange leaves the signal alone once the response is complete", async () => {
  const signals: AbortSignal[] = [];
  const scene = fetchScene((request) => {
    signals.push(request.signal);
    return new Response(null);
  });
  await scene.visitor.send(GET + GET);
  await scene.visitor.expect(EMPTY + EMPTY);
  scene.visitor.duplex.abort();
  await scene.visit.over;
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false, false]);
});

test("FetchExchange answers a visitor that has ended its side, but not for ever", async () => {
  let answer!: (response: Response) => void;
  const patient = fetchScene(() => new Promise<Response>((resolve) => answer = resolve));
  await patient.visitor.send(GET);
  patient.visitor.duplex.closeWrite();
  await patient.clock.advance(29_000);
  answer(new Response(null));
  assert.equal(await patient.visitor.readToEnd(), EMPTY.replace("00:00:00", "00:00:29"));
  await patient.visit.over;

  const { body, controller, cancelled } = handMade();
  const gone = fetchScene(() => new Response(body));
  await gone.visitor.send(GET);
  gone.visitor.duplex.closeWrite();
  await gone.clock.advance(20_000);
  controller.enqueue(bytes("a"));
  await gone.clock.advance(29_999);
  assert.equal(gone.conn.aborted, false);
  await gone.clock.advance(1);
  assert.equal(gone.conn.aborted, true);
  await gone.visit.over;
  assert.equal(cancelled.length, 1);
});

test("FetchExchange lets a handler take as long as it likes", async () => {
  const { body, controller } = handMade();
  let answer!: () => void;
  const scene = fetchScene(() =>
    new Promise<Response>((resolve) => answer = () => resolve(new Response(body)))
  );
  await scene.visitor.send(GET);
  await scene.clock.advance(10_000_000);
  assert.equal(scene.conn.aborted, false);
  answer();
  assert.match(await scene.visitor.readHead(), /chunked/);
  await scene.clock.advance(10_000_000);
  controller.close();
  await scene.visitor.expect("0\r\n\r\n");
  await leaves(scene);
});

test("FetchExchange cuts a visitor that takes nothing, and none that takes a little", async () => {
  const { visitor, clock, conn, visit } = fetchScene(
    () => new Response(new Uint8Array(1_000_000), { headers: { "Content-Length": "1000000" } }),
    { highWaterBytes: 1 },
  );
  await visitor.send(GET);
  await clock.advance(59_999);
  await visitor.readHead();
  await clock.advance(59_999);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await visit.over;
  assert.equal(clock.pending, 0);
});

// Who wants another protocol.

const UPGRADE =
  "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

test("onUpgrade may take the connection, with what came behind the request", async () => {
  let taken!: Duplex;
  const scene = fetchScene(() => new Response(null), {
    onUpgrade: (request, take) => {
      assert.equal(new URL(request.url).pathname, "/chat");
      taken = take();
      assert.throws(take, /it was taken/);
    },
  });
  await scene.visitor.send(GET + UPGRADE + "frame");
  await scene.visitor.expect(EMPTY);
  await settle();
  await taken.write(bytes("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  await scene.visitor.readHead();
  assert.equal(latin1Text((await taken.read())!), "frame");
  await scene.clock.advance(10_000_000);
  scene.visit.drain();
  await scene.visitor.send("more");
  assert.equal(latin1Text((await taken.read())!), "more");
  taken.closeWrite();
  scene.visitor.duplex.closeWrite();
  assert.equal(await taken.read(), undefined);
  assert.equal(await scene.visitor.readToEnd(), "");
  await scene.visit.over;
});

test("onUpgrade may take the connection after a while, and need not end before it does", async () => {
  let taken: Duplex | undefined;
  const { visitor, visit } = fetchScene(() => new Response(null), {
    onUpgrade: async (_request, take) => {
      await settle();
      taken = take();
      await new Promise(() => {});
    },
  });
  await visitor.send(UPGRADE);
  await settle();
  await settle();
  taken!.abort();
  await visit.over;
});

test("onUpgrade may answer, or leave the answer to the handler, and cannot take it back", async () => {
  for (const answers of [true, false]) {
    let takeLater!: () => Duplex;
    const scene = fetchScene(() => new Response(null, { status: 404 }), {
      onUpgrade: (_request, take) => {
        takeLater = take;
        return answers ? new Response(null, { status: 403 }) : undefined;
      },
    });
    await scene.visitor.send(UPGRADE + UPGRADE);
    const status = answers ? 403 : 404;
    for (let turn = 0; turn < 2; turn++) {
      assert.ok((await scene.visitor.readHead()).startsWith(`HTTP/1.1 ${status} `));
    }
    assert.throws(takeLater, /it was taken or answered before/);
    await leaves(scene);
  }
});

test("onUpgrade is not asked about plain requests, HTTP/2, HTTP/1.0 or requests with a body", async () => {
  const plain = [
    GET,
    UPGRADE.replace("websocket", "h2c"),
    UPGRADE.replace("HTTP/1.1", "HTTP/1.0"),
    UPGRADE.replace("Connection: Upgrade\r\n", ""),
    UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\nx"),
  ];
  for (const request of plain) {
    const answer = await answerTo(request, () => new Response(null), {
      onUpgrade: () => new Response(null, { status: 500 }),
    });
    assert.match(answer, /^HTTP\/1\.1 200 /, request);
  }
});

test("onUpgrade that throws is a 500, or cuts the connection that it took", async () => {
  const answer = await answerTo(UPGRADE, () => new Response(null), {
    onUpgrade: () => {
      throw new Error("broken");
    },
  });
  assert.match(answer, /^HTTP\/1\.1 500 /);
  for (const early of [true, false]) {
    const { visitor, visit, log } = fetchScene(() => new Response(null), {
      onUpgrade: async (_request, take) => {
        take();
        if (!early) await settle();
        throw new Error("broken");
      },
    });
    await visitor.send(UPGRADE);
    await visit.over;
    await assert.rejects(visitor.readToEnd());
    assert.equal(log.errors[0].message, "upgrade failed");
  }
});

test("onUpgrade hears by the signal that its visitor left before it decided", async () => {
  let signal!: AbortSignal;
  let takeLater!: () => Duplex;
  const { visitor, visit } = fetchScene(() => new Response(null), {
    onUpgrade: (request, take) => {
      signal = request.signal;
      takeLater = take;
      return new Promise<undefined>(() => {});
    },
  });
  await visitor.send(UPGRADE);
  await settle();
  visitor.duplex.abort();
  await visit.over;
  assert.equal(signal.aborted, true);
  assert.throws(takeLater, /Cannot take the connection/);
});
