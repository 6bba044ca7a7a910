/** @module */
import assert from "node:assert/strict";
import type { ByteTransform } from "../../../lib/base/byte_transform.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { z } from "../../../lib/base/schema.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { type Action, type CompiledAction, defineAction } from "../../../lib/policy/action.ts";
import { ACTIONS } from "../../../lib/policy/actions/mod.ts";
import type { ExchangeEnd } from "../../../lib/policy/context.ts";
import { readPolicy } from "../../../lib/policy/document.ts";
import { compilePolicy } from "../../../lib/policy/engine.ts";
import {
  FakeConn,
  FakeEndpoint,
  GET,
  OK,
  type Scene,
  scene,
  settle,
} from "../../fakes/edge_visit.ts";
import { PolicyRun } from "../../../lib/edge/policy_run.ts";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";
import { testServices } from "../policy/testing.ts";

/** A visitor at an endpoint with this policy. */
async function guarded(policy: unknown, actions: readonly Action[] = ACTIONS): Promise<Scene> {
  const endpoint = new FakeEndpoint("a.test");
  endpoint.policy = await compilePolicy(readPolicy(policy, "http"), {
    proto: "http",
    services: testServices(),
    actions,
  });
  return scene({ endpoints: [endpoint] });
}

function rules(...actions: { type: string; config?: unknown }[]) {
  return [{ actions }];
}

/** An action made for one test. */
function custom(compiled: CompiledAction): Action[] {
  return [
    ...ACTIONS,
    defineAction({
      type: "custom",
      phases: ["on_http_request", "on_http_response"],
      config: z.strictObject({}),
      compile: () => compiled,
    }),
  ];
}

const FORWARDED =
  "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n";

test("a policy's header edits are merged into the one edit of both heads", async () => {
  const { visitor, endpoint } = await guarded({
    on_http_request: rules(
      { type: "remove-headers", config: { headers: ["x-secret", "x-forwarded-proto"] } },
      { type: "add-headers", config: { headers: { "x-added": "1" } } },
    ),
    on_http_response: rules(
      { type: "remove-headers", config: { headers: ["server"] } },
      { type: "add-headers", config: { headers: { "x-back": "2" } } },
    ),
  });
  await visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\nX-Secret: s\r\nAccept: */*\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.expect(
    "GET / HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Forwarded-For: 192.0.2.7\r\n" +
      "X-Forwarded-Host: a.test\r\nx-added: 1\r\n\r\n",
  );
  await agent.send("HTTP/1.1 200 OK\r\nServer: s/1\r\nContent-Length: 2\r\n\r\nok");
  await visitor.expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-back: 2\r\n\r\nok");
  // The next request of the connection meets the policy again.
  await visitor.send(GET);
  await agent.expect(
    "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 192.0.2.7\r\n" +
      "X-Forwarded-Host: a.test\r\nx-added: 1\r\n\r\n",
  );
});

test("a rewritten host and URL reach the service, and its Location comes back as ours", async () => {
  const { visitor, endpoint } = await guarded({
    on_http_request: rules(
      { type: "add-headers", config: { headers: { host: "internal:8080" } } },
      { type: "url-rewrite", config: { from: "/old/", to: "/new/" } },
    ),
  });
  await visitor.send("GET /old/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.expect(`GET /new/x?y HTTP/1.1\r\nHost: internal:8080\r\n${FORWARDED}\r\n`);
  await agent.send(
    "HTTP/1.1 302 Found\r\nLocation: https://INTERNAL:8080/there?a\r\nContent-Length: 0\r\n\r\n",
  );
  await visitor.expect(
    "HTTP/1.1 302 Found\r\nLocation: http://a.test/there?a\r\nContent-Length: 0\r\n\r\n",
  );
  await visitor.send("GET /other HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await agent.expect(`GET /other HTTP/1.1\r\nHost: internal:8080\r\n${FORWARDED}\r\n`);
  const elsewhere = "HTTP/1.1 302 Found\r\nLocation: https://b.test/\r\nContent-Length: 0\r\n\r\n";
  await agent.send(elsewhere);
  await visitor.expect(elsewhere);
});

test("deny answers without a stream, and the connection goes on", async () => {
  const { visitor, endpoint, events } = await guarded({
    on_http_request: rules({ type: "deny", config: { status_code: 404 } }),
  });
  for (let times = 0; times < 2; times++) {
    await visitor.send(GET);
    const head = await visitor.readHead();
    assert.match(head, /^HTTP\/1\.1 404 Not Found\r\nDate: .*\r\nContent-Length: 0\r\n\r\n$/s);
  }
  await settle();
  assert.equal(endpoint.opened.length, 0);
  assert.equal(events[0].status, 404);
});

test("an answer in place of the service's closes when the request's body was not read", async () => {
  const { visitor } = await guarded({ on_http_request: rules({ type: "deny" }) });
  await visitor.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhel");
  assert.match(await visitor.readHead(), /\r\nConnection: close\r\n/);
});

test("a refusal is a page of the edge with its number and headers", async () => {
  const { visitor, events } = await guarded({
    on_http_request: rules({ type: "basic-auth", config: { credentials: ["u:password"] } }),
  });
  await visitor.send(GET);
  const head = await visitor.readHead();
  assert.match(head, /^HTTP\/1\.1 401 Unauthorized\r\n/);
  assert.match(head, /\r\nngrok-error-code: ERR_NGROK_\d+\r\n/);
  assert.match(head, /\r\nWWW-Authenticate: Basic realm="ngrok", charset="UTF-8"\r\n/);
  await settle();
  assert.equal(events[0].status, 401);
});

test("close-connection cuts the visitor", async () => {
  const { visitor, conn } = await guarded({ on_http_request: rules({ type: "close-connection" }) });
  await visitor.send(GET);
  await settle();
  assert.ok(conn.aborted);
});

test("on_tcp_connect runs once for each connection", async () => {
  const { visitor, endpoint } = await guarded({
    on_tcp_connect: rules({ type: "restrict-ips", config: { allow: ["192.0.2.0/24"] } }),
  });
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send(OK);
  await visitor.expect(OK);
  const strangers = await guarded({
    on_tcp_connect: rules({ type: "restrict-ips", config: { allow: ["198.51.100.0/24"] } }),
  });
  await strangers.visitor.send(GET);
  await settle();
  assert.ok(strangers.conn.aborted);
});

test("the response phase sees an early answer of the policy", async () => {
  const { visitor } = await guarded({
    on_http_request: rules({ type: "custom-response", config: { body: "early" } }),
    on_http_response: rules({ type: "add-headers", config: { headers: { "x-late": "1" } } }),
  });
  await visitor.send(GET);
  const head = await visitor.readHead();
  assert.match(head, /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain.*\r\nx-late: 1\r\n\r\n$/s);
  await visitor.expect("early");
});

test("an answer in the response phase takes the place of the service's", async () => {
  const { visitor, endpoint } = await guarded({
    on_http_response: rules({
      type: "custom-response",
      config: { status_code: 503, body: "sorry" },
    }),
  });
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send("HTTP/1.1 500 Oh\r\nContent-Length: 6\r\n\r\nsecret");
  assert.match(await visitor.readHead(), /^HTTP\/1\.1 503 /);
  await visitor.expect("sorry");
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

/** Doubles every byte, and says goodbye. */
function doubling(log: string[] = []): ByteTransform {
  return {
    push: (chunk) => {
      const out = new Uint8Array(2 * chunk.length);
      chunk.forEach((byte, at) => out.fill(byte, 2 * at, 2 * at + 2));
      return log.length % 2 === 0 ? out : Promise.resolve(out);
    },
    end: () => new TextEncoder().encode("."),
    abort: () => log.push("abort"),
  };
}

test("a transformed body leaves in chunks as it arrives, whatever its framing was", async () => {
  const { visitor, endpoint } = await guarded(
    { on_http_response: rules({ type: "custom" }) },
    custom({ onHttpResponse: ({ response }) => void response.transform(doubling()) }),
  );
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 4\r\n\r\nab");
  await visitor.expect(
    "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\naabb\r\n",
  );
  await agent.send("cd");
  await visitor.expect("4\r\nccdd\r\n1\r\n.\r\n0\r\n\r\n");
  // Both connections go on.
  await visitor.send(GET);
  await agent.readHead();
  await agent.send(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n",
  );
  await visitor.expect(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n1\r\n.\r\n0\r\n\r\n",
  );
  await visitor.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await agent.readHead();
  await agent.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  await visitor.expect("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
});

test("a transformed body of an HTTP/1.0 visitor ends with its connection", async () => {
  const { visitor, endpoint } = await guarded(
    { on_http_response: rules({ type: "custom" }) },
    custom({ onHttpResponse: ({ response }) => void response.transform(doubling()) }),
  );
  await visitor.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz");
  await visitor.expect("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nzz.");
});

test("a transformed body that breaks off is cut, and its transform let go", async () => {
  const log: string[] = [];
  const { visitor, endpoint, conn } = await guarded(
    { on_http_response: rules({ type: "custom" }) },
    custom({ onHttpResponse: ({ response }) => void response.transform(doubling(log)) }),
  );
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  agent.duplex.closeWrite();
  await settle();
  assert.ok(conn.aborted);
  assert.deepEqual(log, ["abort"]);
});

test("a body that a policy has read is forwarded as it came", async () => {
  const seen: (string | undefined)[] = [];
  const { visitor, endpoint } = await guarded(
    { on_http_request: rules({ type: "custom" }) },
    custom({
      onHttpRequest: async ({ request }) => {
        for (const maxBytes of [5, 4]) {
          const body = await request.body(maxBytes);
          seen.push(body && new TextDecoder().decode(body));
        }
        return undefined;
      },
    }),
  );
  const body = "3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: 1\r\n\r\n";
  await visitor.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char of body) await visitor.send(char);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.expect(body);
  assert.deepEqual(seen, ["hello", undefined]);
  await agent.send(OK);
  await visitor.expect(OK);
});

test("a visitor that waits for 100 gets it when a policy wants the body", async () => {
  const { visitor, endpoint } = await guarded(
    { on_http_request: rules({ type: "custom" }) },
    custom({
      onHttpRequest: async ({ request }) => {
        await request.body(10);
        return undefined;
      },
    }),
  );
  await visitor.send(
    "POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
  );
  await visitor.expect("HTTP/1.1 100 Continue\r\n\r\n");
  await visitor.send("ok");
  const agent = await endpoint.nextStream();
  assert.doesNotMatch(await agent.readHead(), /expect/i);
  await agent.expect("ok");
});

test("whoever wants to hear of the end hears once, with the service's status", async () => {
  const ends: ExchangeEnd[] = [];
  const actions = custom({
    onHttpRequest: (traffic) => {
      traffic.whenEnded((end) => ends.push(end));
      return undefined;
    },
  });
  const { visitor, endpoint } = await guarded(
    { on_http_request: rules({ type: "custom" }) },
    actions,
  );
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  await visitor.readHead();
  assert.deepEqual(ends, [{ status: 500, forwarded: true }]);
  const denied = await guarded({
    on_http_request: rules({ type: "custom" }, { type: "deny" }),
  }, actions);
  await denied.visitor.send(GET);
  await denied.visitor.readHead();
  await settle();
  assert.deepEqual(ends[1], { status: undefined, forwarded: false });
});

test("a converter takes the visitor over, behind its answer", async () => {
  const { visitor, endpoint } = await guarded(
    { on_http_request: rules({ type: "custom" }) },
    custom({
      onHttpRequest: (traffic) => {
        traffic.convert({
          answer: new TextEncoder().encode("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
          wrap: (conn) => conn,
        });
        return undefined;
      },
    }),
  );
  await visitor.send(
    "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  await visitor.expect("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  const agent = await endpoint.nextStream();
  await visitor.send("raw");
  await agent.expect("raw");
  await agent.send("back");
  await visitor.expect("back");
});

test("PolicyRun tells the phases what it knows", async () => {
  const endpoint = new FakeEndpoint("a.test");
  const seen: unknown[] = [];
  const [near] = pair();
  const conn = new FakeConn(near);
  const run = new PolicyRun(
    {
      onTcpConnect: ({ phase, connection }) => void seen.push([phase, connection.clientIp]),
      onHttpRequest: ({ phase, vars }) => {
        vars.set("a", 1);
        seen.push([phase, vars.size]);
        return undefined;
      },
      onHttpResponse: ({ phase, vars, endpoint: { url } }) =>
        void seen.push([phase, vars.size, url]),
      termination: undefined,
    },
    endpoint,
    { conn, scheme: "http", logger: silentLogger, admittedBy: undefined },
    parseRequestHead(new TextEncoder().encode(GET)),
    () => Promise.resolve(undefined),
  );
  assert.equal(await run.begin(), undefined);
  const head = parseResponseHead(new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n"));
  assert.equal(await run.answered(head, false), undefined);
  assert.deepEqual(seen, [
    ["on_tcp_connect", "192.0.2.7"],
    ["on_http_request", 1],
    ["on_http_response", 0, "http://a.test"],
  ]);
  near.abort();
});

test("the event of a request says what a policy made of it, and nothing when it was forwarded", async () => {
  const outcomes = async (policy: unknown, talk: (scene: Scene) => Promise<unknown>) => {
    const stage = await guarded(policy);
    await stage.visitor.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    await talk(stage);
    await stage.visit.over.catch(() => {});
    return stage.events.map(({ policyOutcome, protocol }) => `${policyOutcome} ${protocol}`);
  };
  const gone = ({ visitor }: Scene) => {
    visitor.duplex.closeWrite();
    return visitor.readToEnd().catch(() => {});
  };
  assert.deepEqual(
    await outcomes({ on_http_request: rules({ type: "deny" }) }, gone),
    ["answered HTTP/1.1"],
  );
  const auth = { type: "basic-auth", config: { credentials: ["user:password"] } };
  assert.deepEqual(
    await outcomes({ on_http_request: rules(auth) }, gone),
    ["refused HTTP/1.1"],
  );
  assert.deepEqual(
    await outcomes({ on_tcp_connect: rules({ type: "close-connection" }) }, gone),
    ["closed HTTP/1.1"],
  );
  const forwarded = async ({ visitor, endpoint }: Scene) => {
    const agent = await endpoint.nextStream();
    await agent.readHead();
    await agent.send("HTTP/1.1 204 No Content\r\n\r\n");
    visitor.duplex.closeWrite();
    await visitor.readToEnd();
  };
  assert.deepEqual(
    await outcomes({
      on_http_request: rules({ type: "add-headers", config: { headers: { a: "1" } } }),
    }, forwarded),
    ["undefined HTTP/1.1"],
  );
});
