import assert from "node:assert/strict";
import { encodeText } from "../../../lib/base/bytes.ts";
import { isAgentReport, saysUnreachable } from "../../../lib/edge/agent_report.ts";
import { parseResponseHead, type ResponseHead } from "../../../lib/http/head.ts";
import { FOREIGN_502 } from "../../fakes/foreign_502.ts";
import { test } from "../../harness.ts";

function headOf(answer: string): ResponseHead {
  return parseResponseHead(encodeText(answer.slice(0, answer.indexOf("\r\n\r\n") + 4)));
}

test("saysUnreachable() knows the 502 of each agent, ours by its code", () => {
  for (const answer of FOREIGN_502) {
    assert.ok(saysUnreachable(headOf(answer)), answer);
    assert.ok(!isAgentReport(headOf(answer)), answer);
    assert.ok(!saysUnreachable(headOf(answer.replace(" 502 ", " 503 "))), answer);
  }
  const ours = headOf("HTTP/1.1 502 Bad Gateway\r\nngrok-error-code: ERR_NGROK_8012\r\n\r\n");
  assert.ok(isAgentReport(ours));
  assert.ok(saysUnreachable(ours));
});

test("saysUnreachable() leaves a service its own 502", () => {
  for (
    const lines of [
      "Server: nginx\r\nDate: x\r\nContent-Length: 0",
      "Date: x\r\nContent-Length: 5",
      "Content-Length: 5\r\nConnection: keep-alive\r\nContent-Type: text/html",
      "Content-Length: 5\r\nConnection: close\r\nContent-Type: application/json",
      "connection: close\r\ncontent-length: 5\r\ndate: x\r\nvia: y",
      "ngrok-error-code: ERR_NGROK_3200",
    ]
  ) {
    assert.ok(!saysUnreachable(headOf(`HTTP/1.1 502 Bad Gateway\r\n${lines}\r\n\r\n`)), lines);
  }
});
