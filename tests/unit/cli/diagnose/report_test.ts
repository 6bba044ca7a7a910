import assert from "node:assert/strict";
import {
  type CheckGroup,
  formatConclusion,
  formatGroup,
} from "../../../../lib/cli/diagnose/report.ts";
import { test } from "../../../harness.ts";

const OK = { name: "TLS", status: "ok", durationMs: 3, detail: "TLSv1.3", findings: [] } as const;
const WARNING = {
  name: "TCP",
  status: "warn",
  durationMs: 3,
  detail: "",
  findings: [{ code: 8011, err: "No way", causes: [], facts: { Address: "[::1]:443" } }],
} as const;
const ERROR = {
  name: "Tunnel Protocol",
  status: "error",
  durationMs: 3,
  detail: "",
  findings: [{ code: 8004, err: "It said\r\n\r\nno", causes: ["one", "two"], facts: {} }],
} as const;

test("formatGroup() has each stage with its mark below the others'", () => {
  assert.equal(
    formatGroup({ title: "Edge", checks: [OK, WARNING, ERROR] }),
    `Edge
  TLS: TLSv1.3                                                    [ OK ]
  TCP                                                           [ WARN ]
  Tunnel Protocol                                              [ ERROR ]
`,
  );
  const long = formatGroup({ title: "Edge", checks: [{ ...OK, detail: "x".repeat(100) }] });
  assert.match(long, /x \[ OK \]\n$/);
});

test("S127 formatConclusion() lists everything that is wrong, with its number", () => {
  const groups: CheckGroup[] = [{ title: "Edge", checks: [OK, WARNING, ERROR] }];
  assert.equal(
    formatConclusion(groups),
    `Warnings:
  Edge, TCP
    What:     This machine has no way to IPv6 addresses
    Err:      No way
    Address:  [::1]:443
    Code:     ERR_NGROK_8011

Errors:
  Edge, Tunnel Protocol
    What:     The edge did not answer as an edge, or refused the session
    Err:      It said no
    Code:     ERR_NGROK_8004
    Possible causes:
      - one
      - two

ERROR:  The diagnosis found errors: they are listed above
`,
  );
});

test("S126 formatConclusion() says where the edge is, and how far", () => {
  const near = { title: "Near", checks: [OK], region: "eu", latencyMs: 12.345 };
  const far = { title: "Far", checks: [OK], region: "us", latencyMs: 98 };
  assert.equal(
    formatConclusion([far, near]),
    "Connected to the edge (region: eu, latency: 12.3 ms)\n",
  );
  const nothing = formatConclusion([{ title: "Local", checks: [OK] }]);
  assert.equal(nothing, "Nothing is wrong with what could be tested\n");
});
