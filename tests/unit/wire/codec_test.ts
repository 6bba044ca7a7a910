/** @module */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { encodeText } from "../../../lib/base/bytes.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import type { ErrorCode, TunnelError } from "../../../lib/base/errors.ts";
import {
  answerJson,
  encodeJson,
  encodeProxyHeader,
  JsonBoundary,
  pick,
  readExactly,
  readJson,
  readProxyHeader,
} from "../../../lib/wire/codec.ts";
import { readToEnd } from "../../fakes/agent.ts";
import { test } from "../../harness.ts";

function failsWith(code: ErrorCode): (error: TunnelError) => boolean {
  return (error) => error.code === code;
}

/** A stream on which these chunks arrive, then the end. */
async function streamOf(...chunks: (string | Uint8Array)[]): Promise<Duplex> {
  const [near, far] = pair({ highWaterBytes: 1 << 30 });
  for (const chunk of chunks) {
    await far.write(typeof chunk === "string" ? encodeText(chunk) : chunk);
  }
  await far.closeWrite();
  return near;
}

/** Where a plain, slow parser finds the end: the shortest prefix that is JSON. */
function endByTrying(bytes: Uint8Array): number {
  for (let end = 1; end <= bytes.length; end++) {
    try {
      JSON.parse(
        new TextDecoder("utf-8", { fatal: true }).decode(
          bytes.subarray(0, end),
        ),
      );
      return end;
    } catch {
      // Not yet.
    }
  }
  return -1;
}

const TRAPS = [
  "{}",
  ' \r\n\t{"a":1}',
  '{"a":"}"}',
  '{"a":"\\"}"}',
  '{"a":"\\\\"}',
  '{"a":"\\\\\\"}"}',
  '{"a":[{},{"b":[1,2,"]"]}]}',
  '{"a":"\\u007d{["}',
  '{"ключ":"значение}"}',
];

for (const text of TRAPS) {
  test(`JsonBoundary finds the end of ${JSON.stringify(text)}, also one byte at a time`, () => {
    const bytes = encodeText(`${text}{"next":1}`);
    const end = encodeText(text).length;
    assert.equal(new JsonBoundary().push(bytes), end);
    const slow = new JsonBoundary();
    for (let at = 0; at < end - 1; at++) {
      assert.equal(slow.push(bytes.subarray(at, at + 1)), -1);
    }
    assert.equal(slow.push(bytes.subarray(end - 1)), 1);
  });
}

test("JsonBoundary agrees with a plain slow parser on any object in any chunking", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(
      object,
      fc.array(fc.nat(200), { maxLength: 5 }),
      (value, cuts) => {
        const bytes = encodeText(JSON.stringify(value) + '\n{"x":1}');
        const expected = endByTrying(bytes);
        const at = [...new Set([0, ...cuts, bytes.length])].filter((cut) => cut <= bytes.length)
          .sort((a, b) => a - b);
        const boundary = new JsonBoundary();
        for (let index = 0; index + 1 < at.length; index++) {
          const end = boundary.push(bytes.subarray(at[index], at[index + 1]));
          if (end < 0) continue;
          assert.equal(at[index] + end, expected);
          return;
        }
        assert.fail("no end was found");
      },
    ),
  );
});

test("JsonBoundary refuses what does not begin as an object", () => {
  for (
    const text of ["[1]", '"text"', "5", "null", "}", "]", "x{}", "\u00a0{}"]
  ) {
    assert.throws(
      () => new JsonBoundary().push(encodeText(text)),
      failsWith("message_invalid"),
    );
  }
});

test("readJson() leaves what follows the object on the stream", async () => {
  const stream = await streamOf('{"a"', ":1}tra", "iling");
  assert.deepEqual(await readJson(stream), { a: 1 });
  assert.equal(await readToEnd(stream), "trailing");
});

test("readJson() tells a cut, a malformed and a large message apart", async () => {
  await assert.rejects(
    readJson(await streamOf('{"a":')),
    failsWith("connection_closed"),
  );
  await assert.rejects(
    readJson(await streamOf()),
    failsWith("connection_closed"),
  );
  await assert.rejects(
    readJson(await streamOf("{a:1}")),
    failsWith("message_invalid"),
  );
  await assert.rejects(
    readJson(await streamOf("{]")),
    failsWith("message_invalid"),
  );
  const large = `{"a":"${"x".repeat(100)}"}`;
  await assert.rejects(
    readJson(await streamOf(large), 50),
    failsWith("message_too_large"),
  );
  await assert.rejects(
    readJson(await streamOf(large.slice(0, 60), large.slice(60)), 50),
    failsWith("message_too_large"),
  );
  assert.ok(await readJson(await streamOf(large), large.length));
});

test("readJson() stops at its limit, not at the end of what a hostile peer sends", async () => {
  const [near, far] = pair({ highWaterBytes: 64 });
  let written = 0;
  void (async () => {
    try {
      await far.write(encodeText('{"a":"'));
      for (;; written++) await far.write(new Uint8Array(64).fill(0x61));
    } catch {
      // The reader has had enough.
    }
  })();
  await assert.rejects(readJson(near, 1_000), failsWith("message_too_large"));
  near.abort();
  assert.ok(written < 20);
});

test("answerJson() writes the object and ends the stream", async () => {
  const [near, far] = pair();
  await answerJson(near, { Error: "", Extra: null });
  assert.equal(await readToEnd(far), '{"Error":"","Extra":null}');
  assert.equal(new TextDecoder().decode(encodeJson({ a: "ü" })), '{"a":"ü"}');
});

test("pick() finds keys in any case and drops what it does not know", () => {
  const fields = {
    AuthToken: "string",
    Count: "number",
    List: "strings",
  } as const;
  const object = {
    Authtoken: "t",
    COUNT: 5,
    list: ["a"],
    Unknown: {},
    __proto__: null,
  };
  assert.deepEqual(pick(object, fields, "the message"), {
    AuthToken: "t",
    Count: 5,
    List: ["a"],
  });
});

test("pick() leaves out null and absent, and refuses other types by name", () => {
  const fields = {
    Text: "string",
    Yes: "boolean",
    Object: "object",
    List: "strings",
    Any: "any",
  } as const;
  assert.deepEqual(pick({ Text: null, Any: 0 }, fields, "the message"), {
    Any: 0,
  });
  for (
    const wrong of [
      { text: 1 },
      { yes: "true" },
      { object: [] },
      { list: "a" },
      { list: [1] },
      { list: [null] },
    ]
  ) {
    assert.throws(
      () => pick(wrong, fields, "the message"),
      (error: TunnelError) =>
        error.code === "message_invalid" && error.ngrokCode === 301 &&
        /Cannot read the message: "/.test(error.message),
    );
  }
});

const HEADER = {
  Id: "b1",
  ClientAddr: "[::1]:99",
  Proto: "https",
  EdgeType: "0",
  PassthroughTLS: false,
};

test("encodeProxyHeader() puts an 8-byte little-endian length in front", () => {
  const bytes = encodeProxyHeader(HEADER);
  const json = JSON.stringify(HEADER);
  assert.deepEqual([...bytes.subarray(0, 8)], [
    json.length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  assert.equal(new TextDecoder().decode(bytes.subarray(8)), json);
});

test("readProxyHeader() reads what encodeProxyHeader() wrote, in any chunking, and no byte more", async () => {
  const bytes = new Uint8Array([
    ...encodeProxyHeader(HEADER),
    ...encodeText("visitor"),
  ]);
  for (const size of [1, 3, 8, 9, 1000]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      chunks.push(bytes.slice(at, at + size));
    }
    const stream = await streamOf(...chunks);
    assert.deepEqual(await readProxyHeader(stream), HEADER);
    assert.equal(await readToEnd(stream), "visitor");
  }
});

test("readProxyHeader() takes v2's three keys, and numbers for EdgeType", async () => {
  function raw(json: string): Uint8Array {
    const body = encodeText(json);
    const bytes = new Uint8Array(8 + body.length);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(body.length), true);
    bytes.set(body, 8);
    return bytes;
  }
  const three = raw('{"Id":"b1","ClientAddr":"1.2.3.4:5","Proto":"http"}');
  assert.deepEqual(await readProxyHeader(await streamOf(three)), {
    Id: "b1",
    ClientAddr: "1.2.3.4:5",
    Proto: "http",
    EdgeType: "0",
    PassthroughTLS: false,
  });
  const numbered = await readProxyHeader(
    await streamOf(raw('{"Id":"b1","EdgeType":3}')),
  );
  assert.equal(numbered.EdgeType, "3");
  await assert.rejects(
    readProxyHeader(await streamOf(raw("nonsense"))),
    failsWith("message_invalid"),
  );
});

test("readProxyHeader() refuses lengths that nobody means", async () => {
  for (const length of [-1n, 65_537n, 2n ** 62n]) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, length, true);
    await assert.rejects(
      readProxyHeader(await streamOf(bytes)),
      failsWith("message_too_large"),
    );
  }
});

test("readExactly() gives the bytes asked for, or says how many are missing", async () => {
  const stream = await streamOf("ab", "cde", "f");
  assert.equal(new TextDecoder().decode(await readExactly(stream, 4)), "abcd");
  assert.equal((await readExactly(stream, 0)).length, 0);
  await assert.rejects(readExactly(stream, 3), /1 bytes before the end/);
});
