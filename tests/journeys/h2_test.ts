/**
 * HTTP/2 from end to end: gRPC with grpc-js on both sides, WebSocket over HTTP/2 with node:http2,
 * curl and h2load. All through the HTTPS door, a real edge and our own agent.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { findTool, toolAdvice } from "../../scripts/debian.mjs";
import { test } from "../harness.ts";
import { pattern, sha256, startWeb } from "./kit.ts";
import { AUTHTOKEN, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

interface Stage {
  readonly edge: TestEdge;
  /** `a.tunnel.test:port`. */
  readonly authority: string;
  readonly port: number;
}

/** Runs with an edge, an agent and one endpoint in front of a service. */
async function onStage(
  service: number,
  upstreamProtocol: "http1" | "http2",
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  const edge = await startTestEdge({ tcpPorts: "none" });
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
  });
  try {
    const { url } = await agent.forward({
      addr: `127.0.0.1:${service}`,
      proto: "http",
      url: "https://a.tunnel.test",
      upstreamProtocol,
    });
    const { host, port } = new URL(url);
    await run({ edge, authority: host, port: Number(port) });
  } finally {
    await agent.close({ graceMs: 0 });
    await edge.close();
  }
}

interface Done {
  readonly code: number | null;
  readonly out: string;
}

/** Runs a program to its end. */
function runTool(name: "curl" | "h2load", args: string[]): Promise<Done> {
  const program = findTool(name);
  assert.ok(program, toolAdvice(name));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    child.stdout.on("data", (data) => out += data);
    child.stderr.on("data", (data) => out += data);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out }));
  });
}

// gRPC

// deno-lint-ignore no-explicit-any -- the library is used as JavaScript
const grpc: any = createRequire(import.meta.url)("../node_modules/@grpc/grpc-js");

const raw = { serialize: (value: Uint8Array) => value, deserialize: (value: Uint8Array) => value };
function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: (value: Uint8Array) => Buffer.from(value),
    responseSerialize: (value: Uint8Array) => Buffer.from(value),
    requestDeserialize: raw.deserialize,
    responseDeserialize: raw.deserialize,
  };
}
const SERVICE = {
  unary: method("Unary", false, false),
  collect: method("Collect", true, false),
  spread: method("Spread", false, true),
  chat: method("Chat", true, true),
};

interface GrpcServer {
  readonly port: number;
  /** Calls that the server saw cancelled. */
  readonly cancelled: Promise<void>;
  close(): void;
}

async function startGrpc(): Promise<GrpcServer> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 64 << 20 });
  let sawCancel: () => void;
  const cancelled = new Promise<void>((resolve) => sawCancel = resolve);
  // deno-lint-ignore no-explicit-any -- as above
  type Any = any;
  server.addService(SERVICE, {
    unary(call: Any, callback: Any) {
      const text = new TextDecoder().decode(call.request.subarray(0, 16));
      if (text === "wait") return void call.on("cancelled", () => sawCancel());
      if (text === "fail") {
        const metadata = new grpc.Metadata();
        metadata.set("x-why", "because");
        return callback({ code: grpc.status.FAILED_PRECONDITION, details: "not today", metadata });
      }
      const trailers = new grpc.Metadata();
      trailers.set("x-echo", String(call.metadata.get("x-say")[0] ?? ""));
      callback(null, call.request, trailers);
    },
    collect(call: Any, callback: Any) {
      let total = 0;
      call.on("data", (data: Uint8Array) => total += data.length);
      call.on("end", () => callback(null, Buffer.from(String(total))));
    },
    spread(call: Any) {
      for (let number = 0; number < 100; number++) call.write(Buffer.from(String(number)));
      call.end();
    },
    chat(call: Any) {
      call.on("data", (data: Uint8Array) => call.write(data));
      call.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (error: Error | null, port: number) => error ? reject(error) : resolve(port),
    )
  );
  return { port, cancelled, close: () => server.forceShutdown() };
}

test("gRPC with grpc-js on both sides: all kinds of calls, metadata, status, deadlines, cancel", async () => {
  const server = await startGrpc();
  try {
    await onStage(server.port, "http2", async ({ edge, port }) => {
      const Client = grpc.makeGenericClientConstructor(SERVICE, "Echo");
      const client = new Client(
        `127.0.0.1:${port}`,
        grpc.credentials.createSsl(Buffer.from(edge.caPem)),
        {
          "grpc.ssl_target_name_override": "a.tunnel.test",
          "grpc.default_authority": `a.tunnel.test:${port}`,
          "grpc.max_receive_message_length": 64 << 20,
        },
      );
      // deno-lint-ignore no-explicit-any -- as above
      type Any = any;
      const unary = (request: Uint8Array | string, metadata = new grpc.Metadata(), options = {}) =>
        new Promise<Any>((resolve) => {
          const answer: Any = {};
          const call = client.unary(
            Buffer.from(request),
            metadata,
            options,
            (error: Any, response: Uint8Array) => {
              Object.assign(answer, { error, response });
              if (error) resolve(answer);
            },
          );
          call.on("status", (status: Any) => resolve({ ...answer, status, call }));
          answer.cancel = () => call.cancel();
          if (String(request) === "wait" && !("deadline" in options)) {
            void server.cancelled; // the server hears of it
            setTimeout(() => call.cancel(), 100);
          }
        });

      const metadata = new grpc.Metadata();
      metadata.set("x-say", "hello");
      const said = await unary("question", metadata);
      assert.equal(new TextDecoder().decode(said.response), "question");
      assert.equal(said.status.code, 0);
      assert.deepEqual(said.status.metadata.get("x-echo"), ["hello"]);

      const large = pattern(8 << 20);
      const echoed = await unary(large);
      assert.equal(sha256(echoed.response), sha256(large));

      const failed = await unary("fail");
      assert.equal(failed.error.code, grpc.status.FAILED_PRECONDITION);
      assert.equal(failed.error.details, "not today");
      assert.deepEqual(failed.error.metadata.get("x-why"), ["because"]);

      const late = await unary("wait", new grpc.Metadata(), { deadline: Date.now() + 200 });
      assert.equal(late.error.code, grpc.status.DEADLINE_EXCEEDED);
      await server.cancelled;

      const cancelled = await unary("wait");
      assert.equal(cancelled.error.code, grpc.status.CANCELLED);

      const total = await new Promise<string>((resolve, reject) => {
        const call = client.collect((error: Error | null, response: Uint8Array) =>
          error ? reject(error) : resolve(new TextDecoder().decode(response))
        );
        for (let number = 0; number < 50; number++) call.write(Buffer.alloc(10_000));
        call.end();
      });
      assert.equal(total, "500000");

      const spread: string[] = [];
      for await (const data of client.spread(Buffer.from(""))) {
        spread.push(new TextDecoder().decode(data));
      }
      assert.deepEqual(spread, Array.from({ length: 100 }, (_, number) => String(number)));

      // Each word waits for the echo of the one before: both directions are open at once.
      const chat = client.chat();
      const heard: string[] = [];
      await new Promise<void>((resolve, reject) => {
        chat.on("data", (data: Uint8Array) => {
          heard.push(new TextDecoder().decode(data));
          if (heard.length === 20) chat.end();
          else chat.write(Buffer.from(`word ${heard.length}`));
        });
        chat.on("end", resolve);
        chat.on("error", reject);
        chat.write(Buffer.from("word 0"));
      });
      assert.equal(heard.length, 20);
      assert.equal(heard[19], "word 19");
      client.close();
    });
  } finally {
    server.close();
  }
});

test("HTTP/2: a WebSocket by extended CONNECT reaches a service that speaks HTTP/1.1", async () => {
  const web = await startWeb();
  try {
    await onStage(web.port, "http1", async ({ edge, port, authority }) => {
      const session = http2.connect(`https://127.0.0.1:${port}`, {
        ca: edge.caPem,
        servername: "a.tunnel.test",
      });
      session.on("error", () => {});
      await new Promise((resolve) => session.once("remoteSettings", resolve));
      assert.equal(session.remoteSettings.enableConnectProtocol, true);
      const stream = session.request({
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":path": "/ws",
        ":scheme": "https",
        ":authority": authority,
        "sec-websocket-version": "13",
      } as http2.OutgoingHttpHeaders);
      const status = await new Promise((resolve) =>
        stream.on("response", (headers) => resolve(headers[":status"]))
      );
      assert.equal(status, 200);
      // A masked text frame with "hello"; the mask is zero.
      stream.write(Uint8Array.from([0x81, 0x85, 0, 0, 0, 0, ...new TextEncoder().encode("hello")]));
      const frame = await new Promise<Uint8Array>((resolve) => stream.once("data", resolve));
      assert.deepEqual([...frame], [0x81, 5, ...new TextEncoder().encode("hello")]);
      stream.close();
      await new Promise<void>((resolve) => session.close(() => resolve()));
    });
  } finally {
    await web.close();
  }
});

/** A service that answers with what it was asked. */
async function startMirror(): Promise<{ port: number; close(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/redirect") {
        response.writeHead(302, { location: "/mirror" });
        return response.end();
      }
      if (request.url === "/early") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      const trails = request.method !== "HEAD" && request.httpVersion === "1.1";
      if (trails) response.setHeader("trailer", "x-sum");
      response.setHeader("x-twice", ["1", "2"]);
      const whole = Buffer.concat(chunks);
      // The address of the door is one and the same; how the body was framed is told apart.
      const fields = request.rawHeaders.map((text) => text.toLowerCase());
      response.write(JSON.stringify({
        method: request.method,
        url: request.url,
        fields,
        body: sha256(whole),
        size: whole.length,
        trailers: request.rawTrailers,
      }));
      if (trails) response.addTrailers({ "x-sum": "1" });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

test("HTTP/2: what curl asks in HTTP/2, HTTP/1.1 and HTTP/1.0 is one and the same to the service", async () => {
  const mirror = await startMirror();
  try {
    await onStage(mirror.port, "http1", async ({ edge, port, authority }) => {
      const ask = async (version: string, args: string[]) => {
        const { code, out } = await runTool("curl", [
          "-sS",
          "--max-time",
          "20",
          "--cacert",
          edge.caPath,
          "--resolve",
          `a.tunnel.test:${port}:127.0.0.1`,
          version,
          ...args,
        ]);
        assert.equal(code, 0, out);
        return out.toLowerCase().replaceAll("\r", "").replace(/^http\/\S+/gm, "http")
          .replace(/^(http \d+) .*$/gm, "$1").replace(/ $/gm, "")
          // What only one connection is about, and what the clock says.
          .replace(/^(date|connection|keep-alive|transfer-encoding): .*\n/gm, "");
      };
      const url = `https://${authority}`;
      const cases = [
        [`${url}/mirror?a=b%20c&d`],
        ["-i", `${url}/early`],
        ["-i", `${url}/mirror`],
        ["-I", `${url}/mirror`],
        ["-i", "-L", `${url}/redirect`],
        ["-X", "POST", "-d", "", `${url}/mirror`],
        ["-d", "hello=world", `${url}/mirror`],
        ["-X", "PUT", "--data-binary", `@${edge.caPath}`, `${url}/mirror`],
        ["-X", "DELETE", `${url}/mirror`],
        ["-X", "OPTIONS", `${url}/mirror`],
        ["-b", "a=1; b=2", `${url}/mirror`],
        ["-H", "Expect: 100-continue", "-d", "hello=world", `${url}/mirror`],
        ["-i", "-H", "Expect: 100-continue", "--data-binary", `@${edge.caPath}`, `${url}/mirror`],
        ...[100].map((count) => [
          ...Array.from({ length: count }, (_, number) => ["-H", `x-${number}: ${number}`]).flat(),
          `${url}/mirror`,
        ]),
      ];
      for (const args of cases) {
        const [one, two] = [await ask("--http1.1", args), await ask("--http2", args)];
        assert.equal(two, one, args.join(" "));
        // HTTP/1.0 knows no interim answers and no trailers; all else is the same.
        const zero = await ask("--http1.0", args);
        const without = one.replace(/^http 1\d\d\n(.+\n)*\n/m, "")
          .replaceAll(/(trailer|x-sum): .*\n?/g, "");
        assert.equal(zero.trimEnd(), without.trimEnd(), args.join(" "));
        assert.ok(one.length > 20);
      }
    });
  } finally {
    await mirror.close();
  }
});

test("HTTP/2: 10 MB each way, and a stream that nobody reads holds up no other", async () => {
  const web = await startWeb();
  try {
    await onStage(web.port, "http1", async ({ edge, port, authority }) => {
      const session = http2.connect(`https://127.0.0.1:${port}`, {
        ca: edge.caPem,
        servername: "a.tunnel.test",
      });
      session.on("error", () => {});
      const head = (path: string, method = "GET") => ({
        ":method": method,
        ":path": path,
        ":authority": authority,
      });
      const frozen = session.request(head("/bytes?n=50000000"));
      await new Promise((resolve) => frozen.once("response", resolve));
      frozen.pause();
      const size = 10 << 20;
      const data = pattern(size);
      const upload = session.request(head("/hash", "POST"));
      upload.end(data);
      let text = "";
      for await (const chunk of upload) text += new TextDecoder().decode(chunk);
      assert.deepEqual(JSON.parse(text), { total: size, hash: sha256(data) });
      const download = session.request(head(`/bytes?n=${size}`));
      let got = 0;
      for await (const chunk of download) got += chunk.length;
      assert.equal(got, size);
      frozen.close(http2.constants.NGHTTP2_CANCEL);
      await new Promise<void>((resolve) => session.close(() => resolve()));
    });
  } finally {
    await web.close();
  }
});

test("HTTP/2: h2load sees no request fail", async () => {
  const web = await startWeb();
  try {
    await onStage(web.port, "http1", async ({ port, authority }) => {
      const { out } = await runTool("h2load", [
        ...["-n", "2000", "-c", "4", "-m", "16"],
        `--connect-to=127.0.0.1:${port}`,
        `https://${authority}/hello`,
      ]);
      assert.match(out, /2000 succeeded, 0 failed, 0 errored, 0 timeout/);
      assert.match(out, /2000 2xx, 0 3xx, 0 4xx, 0 5xx/);
    });
  } finally {
    await web.close();
  }
});

test("HTTP/2 to the service: an agent that cannot reach it says so", async () => {
  await onStage(1, "http2", async ({ edge, port, authority }) => {
    const { out } = await runTool("curl", [
      ...["-sS", "-i", "--http2", "--max-time", "20", "--cacert", edge.caPath],
      ...["--resolve", `a.tunnel.test:${port}:127.0.0.1`, `https://${authority}/`],
    ]);
    assert.match(out, /^HTTP\/2 502/);
    assert.match(out, /ERR_NGROK_8012/);
  });
});
