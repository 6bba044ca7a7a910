import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  ClientHelloError,
  type ClientHelloFault,
  parseClientHello,
  readClientHello,
} from "../../../lib/http/client_hello.ts";
import { test } from "../../harness.ts";
import recorded from "../../vectors/http/client_hellos.json" with {
  type: "json",
};

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

function bytesOf(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

function u16(value: number): number[] {
  return [value >> 8, value & 255];
}

function vector8(bytes: readonly number[]): number[] {
  return [bytes.length, ...bytes];
}

function vector16(bytes: readonly number[]): number[] {
  return [...u16(bytes.length), ...bytes];
}

function extension(type: number, body: readonly number[]): number[] {
  return [...u16(type), ...vector16(body)];
}

function serverName(name: string): number[] {
  return extension(0, vector16([0, ...vector16(bytesOf(name))]));
}

/** A handshake message with these extensions; `undefined` leaves the block out. */
function message(extensions: readonly number[] | undefined): number[] {
  const body = [
    3,
    3,
    ...new Array<number>(32).fill(7),
    ...vector8(new Array<number>(32).fill(8)),
    ...vector16([0x13, 0x01]),
    ...vector8([0]),
    ...(extensions ? vector16(extensions) : []),
  ];
  return [1, 0, ...u16(body.length), ...body];
}

/** The message in records of `size` bytes. */
function records(bytes: readonly number[], size = 16_384): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    out.push(22, 3, 1, ...vector16(bytes.slice(at, at + size)));
  }
  return Uint8Array.from(out);
}

/** A stream that gives these bytes in pieces of `size`, then ends. */
function drip(bytes: Uint8Array, size: number): Duplex {
  const [far, near] = pair();
  for (let at = 0; at < bytes.length; at += size) {
    void far.write(bytes.slice(at, at + size));
  }
  far.closeWrite();
  return near;
}

async function rest(stream: Duplex): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) return all;
    for (const byte of chunk) all.push(byte);
  }
}

function faultOf(bytes: Uint8Array): ClientHelloFault {
  try {
    parseClientHello(bytes);
  } catch (thrown) {
    assert.ok(thrown instanceof ClientHelloError, String(thrown));
    assert.equal(thrown.code, "tls_failed");
    return thrown.fault;
  }
  assert.fail("it was accepted");
}

const PLAIN = records(message(serverName("a.example")));

for (const { name, hex, serverName, alpn, versions } of recorded) {
  test(`readClientHello() reads what ${name} sends`, async () => {
    const bytes = fromHex(hex);
    const want = {
      serverName: serverName ?? undefined,
      alpn,
      versions,
      length: bytes.length,
    };
    assert.deepEqual(parseClientHello(bytes), want);
    for (let size = 0; size < bytes.length; size++) {
      assert.equal(
        parseClientHello(bytes.subarray(0, size)),
        "more",
        `of ${size} bytes`,
      );
    }
    for (const size of [1, 100, 10_000]) {
      const stream = drip(new Uint8Array([...bytes, 1, 2, 3]), size);
      assert.deepEqual(await readClientHello(stream), want);
      assert.deepEqual(
        await rest(stream),
        [...bytes, 1, 2, 3],
        "every byte is given back",
      );
    }
  });
}

test("readClientHello() reads what this runtime sends", async () => {
  const [far, near] = pair();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => void far.write(new Uint8Array(data)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect({
    host: "127.0.0.1",
    port,
    servername: "Live.Example.COM",
    ALPNProtocols: ["x/1", "http/1.1"],
    rejectUnauthorized: false,
  });
  client.on("error", () => {});
  const hello = await readClientHello(near);
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.destroy();
  await closed;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  assert.equal(hello?.serverName, "live.example.com");
  assert.deepEqual(hello?.alpn, ["x/1", "http/1.1"]);
  assert.ok(hello?.versions.includes(0x0304));
  far.abort();
});

test("parseClientHello() puts a message together from several records", () => {
  const bytes = message(serverName("a.example"));
  for (const size of [2, 3, 5, 50, bytes.length - 1]) {
    const cut = records(bytes, size);
    const hello = parseClientHello(cut);
    assert.ok(hello !== "more");
    assert.equal(hello.serverName, "a.example");
    assert.equal(hello.length, cut.length);
    for (let at = 0; at < cut.length; at++) {
      assert.equal(parseClientHello(cut.subarray(0, at)), "more");
    }
  }
});

test("parseClientHello() leaves alone what follows in the same record", () => {
  const bytes = message(serverName("a.example"));
  const hello = parseClientHello(records([...bytes, 9, 9, 9]));
  assert.ok(hello !== "more");
  assert.equal(hello.length, 5 + bytes.length);
});

test("parseClientHello() works without extensions, and lists old versions", () => {
  const hello = parseClientHello(records(message(undefined)));
  assert.deepEqual(hello, {
    serverName: undefined,
    alpn: [],
    versions: [0x0303, 0x0302, 0x0301, 0x0300],
    length: records(message(undefined)).length,
  });
});

test("parseClientHello() leaves out GREASE and ignores ECH", () => {
  const grease = extension(0x0a0a, []);
  const ech = extension(0xfe0d, [0, ...new Array<number>(200).fill(3)]);
  const alpn = extension(
    16,
    vector16([...vector8([0xda, 0xda]), ...vector8(bytesOf("h2"))]),
  );
  const versions = extension(
    43,
    vector8([...u16(0x7a7a), ...u16(0x0304), ...u16(0x0303)]),
  );
  const hello = parseClientHello(
    records(
      message([
        ...grease,
        ...ech,
        ...alpn,
        ...serverName("a.example"),
        ...versions,
      ]),
    ),
  );
  assert.ok(hello !== "more");
  assert.equal(hello.serverName, "a.example");
  assert.deepEqual(hello.alpn, ["h2"]);
  assert.deepEqual(hello.versions, [0x0304, 0x0303]);
});

test("parseClientHello() makes names comparable and refuses what is none", () => {
  for (
    const [name, want] of [["A.Example.", "a.example"], ["my_app", "my_app"], [
      "192.0.2.1",
      undefined,
    ], ["::1", undefined]]
  ) {
    const hello = parseClientHello(records(message(serverName(name!))));
    assert.ok(hello !== "more");
    assert.equal(hello.serverName, want);
  }
  for (
    const name of [
      "a b",
      "a..b",
      "*.a",
      "a\0.example",
      "a/b",
      "a:443",
      "\xe9.example",
      ".",
      "",
      "[::1]",
    ]
  ) {
    assert.equal(
      faultOf(records(message(serverName(name)))),
      "server_name",
      JSON.stringify(name),
    );
  }
});

test("parseClientHello() refuses what is not well-formed", () => {
  const good = message(serverName("a.example"));
  const twoNames = extension(
    0,
    vector16([0, ...vector16(bytesOf("a")), 0, ...vector16(bytesOf("b"))]),
  );
  const alpn = extension(16, vector16(vector8(bytesOf("h2"))));
  const table: [string, Uint8Array][] = [
    ["two names", records(message(twoNames))],
    [
      "two server name extensions",
      records(message([...serverName("a"), ...serverName("b")])),
    ],
    ["two ALPN extensions", records(message([...alpn, ...alpn]))],
    [
      "two unknown extensions",
      records(message([...extension(99, []), ...extension(99, [])])),
    ],
    ["an empty server name list", records(message(extension(0, vector16([]))))],
    ["an empty server name extension", records(message(extension(0, [])))],
    [
      "bytes behind the server names",
      records(message(extension(0, [...vector16([0, ...vector16([97])]), 1]))),
    ],
    [
      "an empty protocol",
      records(message(extension(16, vector16(vector8([]))))),
    ],
    ["no protocol", records(message(extension(16, vector16([]))))],
    [
      "an uneven list of versions",
      records(message(extension(43, vector8([3])))),
    ],
    ["an extension longer than the rest", records(message([0, 5, 0, 9, 1]))],
    [
      "bytes behind the extensions",
      records([1, 0, ...u16(good.length - 3), ...good.slice(4), 0]),
    ],
    ["a message that ends early", records([1, 0, 0, 10, ...good.slice(4, 14)])],
    ["an empty message", records([1, 0, 0, 0])],
    ["a ServerHello", records([2, ...good.slice(1)])],
    ["a record without version", Uint8Array.of(22, 2, 0)],
    ["an empty record", Uint8Array.of(22, 3, 1, 0, 0)],
    ["a record of 16385 bytes", Uint8Array.of(22, 3, 1, 0x40, 1)],
    [
      "an alert in the middle",
      Uint8Array.of(...records(good.slice(0, 50)), 21, 3, 1, 0, 2, 1, 0),
    ],
    [
      "100 records of one byte",
      records([1, 0, 1, ...new Array<number>(97).fill(0)], 1),
    ],
  ];
  for (const [name, bytes] of table) {
    assert.equal(faultOf(bytes), "malformed", name);
  }
});

test("parseClientHello() refuses a large one before it has come", () => {
  assert.equal(
    faultOf(Uint8Array.of(22, 3, 1, 0x40, 0, 1, 1, 0, 1)),
    "too_large",
  );
  assert.throws(
    () => parseClientHello(PLAIN, { maxBytes: PLAIN.length - 1 }),
    (error) => error instanceof ClientHelloError && error.fault === "too_large",
  );
  assert.ok(parseClientHello(PLAIN, { maxBytes: PLAIN.length }));
});

test("readClientHello() tells plain HTTP from other bytes, and gives all back", async () => {
  const table: [string, ClientHelloFault][] = [
    ["GET / HTTP/1.1\r\n", "plain_http"],
    ["POST /", "plain_http"],
    ["SSH-2.0-OpenSSH\r\n", "not_tls"],
    ["\x80\x2e\x01\x03\x01", "not_tls"],
    ["\0", "not_tls"],
    ["\x15\x03\x01\0\x02", "not_tls"],
  ];
  for (const [text, fault] of table) {
    const stream = drip(Uint8Array.from(bytesOf(text)), 1000);
    await assert.rejects(
      readClientHello(stream),
      (error) => error instanceof ClientHelloError && error.fault === fault,
    );
    assert.deepEqual(await rest(stream), bytesOf(text));
  }
});

test("readClientHello() gives undefined at a clean end, connection_closed within a ClientHello", async () => {
  assert.equal(await readClientHello(drip(new Uint8Array(), 1)), undefined);
  const cut = drip(PLAIN.slice(0, -1), 10);
  await assert.rejects(
    readClientHello(cut),
    (error) => error instanceof TunnelError && error.code === "connection_closed",
  );
  assert.deepEqual(await rest(cut), [...PLAIN.slice(0, -1)]);
});

test("readClientHello() of any change to a real one ends in a result or a TunnelError", async () => {
  const hellos = recorded.map(({ hex }) => fromHex(hex));
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...hellos),
      fc.array(change, { maxLength: 4 }),
      fc.nat(),
      fc.constantFrom(1, 7, 100, 10_000),
      async (hello, changes, cut, size) => {
        const bytes = cut % 3 === 0 ? hello.slice(0, cut % hello.length) : hello.slice();
        // Half of the changes go to the front, where the lengths are.
        for (const { at, byte } of changes) {
          bytes[at % (at % 2 ? bytes.length : 60)] = byte;
        }
        const stream = drip(bytes, size);
        const whole = await readClientHello(stream).then(
          (hello) => hello,
          (error) => {
            assert.ok(error instanceof TunnelError, String(error));
            return error.message;
          },
        );
        assert.deepEqual(await rest(stream), [...bytes]);
        if (typeof whole === "object") {
          assert.deepEqual(parseClientHello(bytes), whole);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
