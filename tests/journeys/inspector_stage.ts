/**
 * Exchanges as developers meet them, made up on a fake agent: what journeys through the inspector look
 * at, and what its screenshots show.
 *
 * @module
 */
import type { StreamMessageJson } from "../../lib/api/agent/shapes.ts";
import type { FakeAgentApi } from "../fakes/agent_api.ts";

/** The exchanges that a stage has, by what they are for. */
export interface Cast {
  readonly json: string;
  readonly wrong: string;
  readonly graphql: string;
  readonly form: string;
  readonly multipart: string;
  readonly image: string;
  readonly html: string;
  readonly xml: string;
  readonly binary: string;
  readonly websocket: string;
  readonly events: string;
  readonly grpc: string;
  readonly long: string;
  readonly gzip: string;
}

const encode = (text: string | Uint8Array) => Buffer.from(text).toString("base64");

/** A message of a stream. */
export function message(made: Partial<StreamMessageJson> & { text: string }): StreamMessageJson {
  const { text, ...rest } = made;
  return {
    kind: "websocket",
    from: "service",
    at_ms: 0,
    size_bytes: Buffer.byteLength(text),
    preview_base64: encode(text),
    truncated: false,
    opcode: 1,
    final: true,
    compressed: false,
    close_code: null,
    event_name: null,
    event_id: null,
    ...rest,
  };
}

/** A PNG of 16 by 16 in the colour of the house. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mOQzgonCTGMahjVMKqBGA0A0zzl4f/tt3kAAAAASUVORK5CYII=",
  "base64",
);

const ORDER = {
  id: 9007199254740993,
  customer: { name: "Grace Hopper", email: "grace@example.com", vip: true },
  lines: [
    { sku: "LAMP-OIL-01", title: "Lamp oil, clear", quantity: 2, price: 12.5 },
    { sku: "WICK-COTTON", title: "Cotton wick", quantity: 10, price: 0.8 },
  ],
  note: null,
  total: 33,
};

/** Makes up one exchange of each kind. */
export function fillStage(api: FakeAgentApi): Cast {
  const json: readonly (readonly [string, string])[] = [["Content-Type", "application/json"]];
  let ago = 240_000;
  const add = (made: Parameters<FakeAgentApi["add"]>[0]) =>
    api.add({ agoMs: ago -= 9_000, ...made }).id;
  const image = add({
    target: "/assets/gate.png",
    headers: [["Content-Type", "image/png"], ["ETag", '"a1"']],
    body: PNG,
    durationMs: 3.1,
  });
  const html = add({
    target: "/",
    headers: [["Content-Type", "text/html; charset=utf-8"]],
    body:
      '<!doctype html>\n<html lang="en">\n  <head>\n    <title>Shop</title>\n    <style>body { margin: 0; color: #24221d }</style>\n  </head>\n  <body class="home">\n    <!-- the gate -->\n    <h1>Welcome</h1>\n    <script>const gate = open("main"); // now</script>\n  </body>\n</html>\n',
    durationMs: 18.2,
  });
  const xml = add({
    method: "POST",
    target: "/soap/stock",
    requestHeaders: [["Content-Type", "application/xml"]],
    requestBody: "<stock><item sku='LAMP'><count>4</count></item><item sku='WICK'/></stock>",
    headers: [["Content-Type", "application/xml"]],
    body: '<?xml version="1.0"?><stock><item sku="LAMP"><count>4</count></itm></stock>',
    durationMs: 41,
  });
  add({ target: "/old-prices", status: 302, headers: [["Location", "/prices"]], durationMs: 1.9 });
  const form = add({
    method: "POST",
    target: "/login?next=%2Faccount%2Forders&lang=en",
    status: 302,
    requestHeaders: [["Content-Type", "application/x-www-form-urlencoded"]],
    requestBody: "user=grace%40example.com&password=lamp+oil&remember=",
    headers: [["Location", "/account/orders"], ["Set-Cookie", "session=2vY; HttpOnly"]],
    durationMs: 96,
  });
  const multipart = add({
    method: "POST",
    target: "/upload",
    status: 201,
    requestHeaders: [["Content-Type", "multipart/form-data; boundary=wall"]],
    requestBody: Buffer.concat([
      Buffer.from(
        '--wall\r\nContent-Disposition: form-data; name="title"\r\n\r\nThe gate\r\n--wall\r\nContent-Disposition: form-data; name="picture"; filename="gate.png"\r\nContent-Type: image/png\r\n\r\n',
      ),
      PNG,
      Buffer.from(
        '\r\n--wall\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"tags":["stone","lamp"]}\r\n--wall--\r\n',
      ),
    ]),
    headers: json,
    body: '{"id":17}',
    durationMs: 233,
  });
  const graphql = add({
    method: "POST",
    target: "/graphql",
    requestHeaders: json,
    requestBody: JSON.stringify({
      operationName: "Orders",
      query: "query Orders($first: Int!) { orders(first: $first) { id total customer { name } } }",
      variables: { first: 10 },
    }),
    headers: json,
    body: JSON.stringify({
      data: { orders: [{ id: "17", total: 33, customer: { name: "Grace" } }] },
    }),
    durationMs: 58,
  });
  const binary = add({
    target: "/export.bin",
    headers: [["Content-Type", "application/octet-stream"]],
    body: Uint8Array.from({ length: 2_000 }, (_, at) => (at * 37 + (at >> 3)) & 255),
    durationMs: 12,
  });
  const wrong = add({
    method: "PUT",
    target: "/api/orders/17",
    status: 422,
    requestHeaders: json,
    requestBody: '{\n  "total": 33,\n  "lines": [\n    { "sku": "LAMP" },\n  ]\n}',
    headers: json,
    body: '{"error":"The body is no JSON","at":{"line":5,"column":3}}',
    durationMs: 7.5,
  });
  add({ target: "/favicon.ico", status: 404, durationMs: 1.2 });
  add({
    target: "/api/report?year=2026",
    status: 500,
    headers: [["Content-Type", "text/plain"]],
    body:
      "TypeError: cannot read properties of undefined (reading 'total')\n    at report (report.ts:41:17)\n",
    durationMs: 1_830,
  });
  const grpc = add({
    method: "POST",
    target: "/stock.Stock/Watch",
    kind: "grpc",
    headers: [["Content-Type", "application/grpc"]],
    messages: [
      message({
        kind: "grpc",
        from: "visitor",
        at_ms: 2,
        text: "\n\u0004LAMP",
        opcode: null,
        final: null,
      }),
      message({
        kind: "grpc",
        at_ms: 14,
        text: "\b\u0004\u0012\u0004LAMP",
        opcode: null,
        final: null,
        compressed: true,
      }),
    ],
  });
  const websocket = add({
    target: "/live",
    status: 101,
    kind: "websocket",
    headers: [["Upgrade", "websocket"], ["Connection", "Upgrade"]],
    messages: [
      message({ from: "visitor", at_ms: 31, text: '{"subscribe":"orders","since":17}' }),
      message({ at_ms: 44, text: '{"ok":true}' }),
      message({
        at_ms: 1_204,
        text: '{"order":{"id":18,"total":12.5,"customer":"Ada"}}',
        compressed: true,
      }),
      message({ from: "visitor", at_ms: 2_000, text: "", opcode: 9 }),
      message({ at_ms: 2_012, text: "", opcode: 10 }),
      message({ at_ms: 3_870, text: "\u0001\u0002\u0003\u0004", opcode: 2 }),
      message({ from: "visitor", at_ms: 5_105, text: "", opcode: 8, close_code: 1001 }),
    ],
  });
  const events = add({
    target: "/events",
    kind: "sse",
    headers: [["Content-Type", "text/event-stream"]],
    messages: [1, 2, 3, 4].map((count) =>
      message({
        kind: "sse",
        at_ms: count * 1_000,
        text: `{"price":${count * 1.25}}`,
        opcode: null,
        final: null,
        event_name: count === 1 ? null : "price",
        event_id: String(count),
      })
    ),
  });
  const gzip = add({
    target: "/api/prices",
    headers: [...json, ["Content-Encoding", "gzip"]],
    body: JSON.stringify({ prices: [1, 2.5, 3e2], currency: "EUR" }),
    durationMs: 5.4,
  });
  const long = add({
    method: "POST",
    target: "/import",
    requestHeaders: [["Content-Type", "text/csv"]],
    requestBody: "sku,title,price\n".repeat(40),
    truncated: true,
    status: 200,
    durationMs: 640,
  });
  add({ target: "/slow", status: null });
  add({
    target: "/half",
    error: "The service closed the connection before its response was complete",
  });
  const order = add({
    method: "POST",
    target: "/api/orders?notify=true&source=web",
    status: 201,
    requestHeaders: [...json, ["Authorization", "Bearer 2vYkq0Zr"], ["X-Request-Id", "7f3a"]],
    requestBody: JSON.stringify(ORDER).replace("9007199254740992", "9007199254740993"),
    headers: [...json, ["Location", "/api/orders/18"]],
    body: JSON.stringify({ ...ORDER, id: 18, state: "paid" }),
    durationMs: 87.3,
    agoMs: 1_000,
  });
  return {
    json: order,
    wrong,
    graphql,
    form,
    multipart,
    image,
    html,
    xml,
    binary,
    websocket,
    events,
    grpc,
    long,
    gzip,
  };
}
