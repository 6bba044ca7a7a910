import assert from "node:assert/strict";
import {
  edgeFileJsonSchema,
  edgeFileSchema,
  parseEdgeFile,
  readEdgeFile,
} from "../../../lib/cli/edge_file.ts";
import { DEFAULT_EDGE_LIMITS, edgeOptionsSchema } from "../../../lib/edge/config.ts";
import { fileKey } from "../../../lib/edge/reload.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { test } from "../../harness.ts";

test("parseEdgeFile() gives options with their own names, in milliseconds", () => {
  const text = `
domain: [a.test, b.test]
data_dir: /var/lib/sallyport
http: :80
https: {host: "::1", port: 443}
agents: sni
api: none
metrics: 9090
tcp_ports: 20000-20999
http_public_port: 8080
agent_names: [x.test]
require_reservations: yes
access_log: {to: /var/log/access.log, format: combined}
tracing:
  url: http://127.0.0.1:4318/v1/traces
  service_name: edge
  headers: {x-api-key: 007}
  ratio: 0.5
limits:
  max_sessions: 5
  hold: 1m30s
`;
  assert.deepEqual(parseEdgeFile(text, "edge.yml"), {
    domain: ["a.test", "b.test"],
    dataDir: "/var/lib/sallyport",
    http: { host: "", port: 80 },
    https: { host: "::1", port: 443 },
    agents: null,
    api: null,
    metrics: { host: "", port: 9090 },
    tcpPorts: { from: 20000, to: 20999 },
    httpPublicPort: 8080,
    agentNames: ["x.test"],
    requireReservations: true,
    accessLog: { to: "/var/log/access.log", format: "combined" },
    tracing: {
      url: "http://127.0.0.1:4318/v1/traces",
      serviceName: "edge",
      headers: { "x-api-key": "007" },
      ratio: 0.5,
    },
    limits: { maxSessions: 5, holdMs: 90_000 },
  });
  assert.deepEqual(parseEdgeFile("", "edge.yml"), {});
});

/** A file that is wrong, and what is said of it behind "Cannot use the configuration file …: ". */
const BAD: readonly (readonly [string, RegExp])[] = [
  ["domian: x\n", /^line 1, column 1: unknown key "domian"; did you mean "domain"\?$/],
  ["a: 1\na: 2\n", /^line 2, column 1: the key "a" is there twice$/],
  ["\tdomain: x\n", /^line 1, column 1: a tab cannot indent/],
  ["http: a:b:c\n", /^line 1, column 1: "http": Invalid value "a:b:c": use a port/],
  ["https:\n  prot: 443\n", /line 2, column 3: unknown key "https\.prot"; did you mean "port"\?/],
  ["tcp_ports: 9-2\n", /^line 1, column 1: "tcp_ports": .* the lower one first/],
  ["limits:\n  hold: 10\n", /^line 2, column 3: "limits\.hold": .*; write "10s"$/],
  [
    "limits:\n  hold: 10 parsecs\n",
    /^line 2, column 3: "limits\.hold": "10 parsecs" is no duration/,
  ],
  ["limits:\n  hold: 999999h\n", /^line 2, column 3: "limits\.hold": /],
  ["limits:\n  max_sessions: many\n", /^line 2, column 3: "limits\.max_sessions": it must be /],
  [
    "limits: {max_sesions: 1}\n",
    /unknown key "limits\.max_sesions"; did you mean "max_sessions"\?$/,
  ],
  ["domain: a..b\n", /^line 1, column 1: "a\.\.b" is no domain$/],
  [
    "access_log: {to: x, format: xml}\n",
    /"access_log\.format": it must be json, common or combined$/,
  ],
  ["tracing: {url: ftp://x/}\n", /"tracing\.url": /],
  ["embedded: true\n", /unknown key "embedded"/],
  ["logger: x\n", /unknown key "logger"/],
  ["- a\n", /^line 1, column 1: it must be keys and values, not a list$/],
];

for (const [text, said] of BAD) {
  test(`parseEdgeFile() says what is wrong, and where, in ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseEdgeFile(text, "edge.yml"), (thrown: Error) => {
      const prefix = 'Cannot use the configuration file "edge.yml": ';
      assert.ok(thrown.message.startsWith(prefix), thrown.message);
      assert.match(thrown.message.slice(prefix.length).split("\n").join(" "), said);
      return true;
    });
  });
}

test("parseEdgeFile() names every wrong place at once, in the order of the file", () => {
  assert.throws(
    () => parseEdgeFile("limits:\n  hold: 1\nregoin: x\n", "e"),
    /: 2 problems\n {2}- line 2, column 3: .*\n {2}- line 3, column 1: .*did you mean "region"\?$/,
  );
});

test("readEdgeFile() reads a file", async () => {
  const files = new MemoryFiles();
  await files.write("/edge.yml", "domain: a.test");
  const file = await readEdgeFile(files, "/edge.yml");
  assert.deepEqual(file, { path: "/edge.yml", options: { domain: "a.test" } });
  await assert.rejects(readEdgeFile(files, "/no.yml"), { code: "not_found" });
});

test("edgeFileSchema() has a key for every option and every limit", () => {
  const { properties } = edgeFileJsonSchema() as {
    properties: Record<string, { properties?: Record<string, unknown> }>;
  };
  const shape = (edgeOptionsSchema as unknown as { def: { shape: object } }).def.shape;
  const mine = ["embedded", "logger", "onEvent"];
  const wanted = Object.keys(shape).filter((key) => !mine.includes(key)).map(fileKey);
  assert.deepEqual(Object.keys(properties).sort(), wanted.sort());
  const limits = Object.keys(DEFAULT_EDGE_LIMITS).map(fileKey);
  assert.deepEqual(Object.keys(properties.limits.properties!).sort(), limits.sort());
  assert.equal(edgeFileSchema(), edgeFileSchema(), "it is made once");
});
