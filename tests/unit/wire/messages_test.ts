/** @module */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { type FieldKind, pick, readJson } from "../../../lib/wire/codec.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { test } from "../../harness.ts";

const samples = JSON.parse(
  readFileSync(
    new URL("../../vectors/wire/samples.json", import.meta.url),
    "utf8",
  ),
) as Record<string, string>;

/** Every key that a message of the wire has, with its type (wire-protocol 5). */
const MESSAGES: Record<string, Record<string, FieldKind>> = {
  AuthReq: { Version: "strings", ClientId: "string", Extra: "object" },
  AuthResp: {
    Version: "string",
    ClientId: "string",
    Error: "string",
    Extra: "object",
  },
  BindReq: {
    Id: "string",
    Proto: "string",
    ForwardsTo: "string",
    ForwardsProto: "string",
    Opts: "object",
    Extra: "object",
  },
  BindResp: {
    Id: "string",
    URL: "string",
    Proto: "string",
    Opts: "object",
    Error: "string",
    Extra: "object",
  },
  UnbindReq: { Id: "string", Extra: "object" },
  UnbindResp: { Error: "string", Extra: "object" },
  StartTunnelWithLabelReq: {
    Labels: "object",
    ForwardsTo: "string",
    ForwardsProto: "string",
    Metadata: "string",
  },
  StartTunnelWithLabelResp: { Id: "string", Error: "string" },
  SrvInfoReq: {},
  SrvInfoResp: { Region: "string" },
  PatchTunnelStateReq: {
    TunnelId: "string",
    Name: "string",
    Description: "string",
    Metadata: "string",
    PoolingEnabled: "boolean",
    TrafficPolicy: "string",
  },
  PatchTunnelStateResp: { Error: "string" },
  // The test server sent the keys of Update with every command.
  StopReq: { Version: "string", PermitMajorVersion: "boolean" },
  StopResp: { Error: "string" },
  RestartReq: { Version: "string", PermitMajorVersion: "boolean" },
  RestartResp: { Error: "string" },
  UpdateReq: { Version: "string", PermitMajorVersion: "boolean" },
  UpdateResp: { Error: "string" },
  StopTunnelReq: { Id: "string", Message: "string", ErrorCode: "string" },
  // Sent to see what becomes of a type that does not exist.
  type42Req: {},
};

for (const [name, text] of Object.entries(samples)) {
  const [, direction, message] = /-(c2s|s2c)-(\w+)$/.exec(name)!;
  test(`${name} decodes, and no key of it is unknown`, async () => {
    const [near, far] = pair();
    const bytes = encodeText(text);
    // Split where it hurts: after the first byte and before the last.
    await far.write(bytes.slice(0, 1));
    if (bytes.length > 2) await far.write(bytes.slice(1, -2));
    if (bytes.length > 1) {
      await far.write(bytes.slice(Math.max(1, bytes.length - 2)));
    }
    const object = await readJson(near);
    near.abort();
    assert.deepEqual(object, JSON.parse(text));
    const fields = MESSAGES[message];
    const read = pick(object, fields, message);
    for (const key of Object.keys(object)) {
      const known = Object.keys(fields).some((field) => field.toLowerCase() === key.toLowerCase());
      assert.ok(
        known || message === "type42Req",
        `${direction} ${message} has the key ${key}`,
      );
    }
    for (const [key, value] of Object.entries(read)) {
      assert.deepEqual(value, object[key]);
    }
  });
}

test("the samples cover every message", () => {
  const seen = new Set(
    Object.keys(samples).map((name) => name.slice(name.lastIndexOf("-") + 1)),
  );
  assert.deepEqual([...seen].sort(), Object.keys(MESSAGES).sort());
  assert.ok(Object.keys(samples).length > 200);
});

test("STREAM has the numbers of the wire", () => {
  assert.deepEqual(Object.values(STREAM), [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    0xffffffff,
  ]);
});
