import assert from "node:assert/strict";
import fc from "fast-check";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  formatProxyHeader,
  parseProxyHeader,
  type ProxyAddress,
  readProxyHeader,
} from "../../../lib/http/proxy_protocol.ts";
import { test } from "../../harness.ts";
import accepted from "../../vectors/http/proxy_headers.json" with {
  type: "json",
};
import refused from "../../vectors/http/refused_proxy_headers.json" with {
  type: "json",
};

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

function address(pair: (string | number)[] | null): ProxyAddress | undefined {
  return pair ? { host: String(pair[0]), port: Number(pair[1]) } : undefined;
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
    all.push(...chunk);
  }
}

for (const want of accepted) {
  test(`readProxyHeader() reads ${want.name}`, async () => {
    const bytes = fromHex(want.hex);
    const tlvs = want.tlvs.map(([type, value]) => ({
      type: Number(type),
      value: fromHex(String(value)),
    }));
    const header = {
      version: want.version,
      source: address(want.source),
      destination: address(want.destination),
      tlvs,
    };
    for (const size of [1, 7, 10_000]) {
      const stream = drip(new Uint8Array([...bytes, 0x47, 0x45]), size);
      assert.deepEqual(await readProxyHeader(stream), header);
      assert.deepEqual(await rest(stream), [0x47, 0x45]);
    }
    for (let size = 0; size < bytes.length; size++) {
      assert.equal(parseProxyHeader(bytes.subarray(0, size)), undefined);
    }
    assert.equal(parseProxyHeader(bytes)?.length, bytes.length);
    if (!want.canonical) return;
    const { source, destination } = header;
    assert.deepEqual(
      formatProxyHeader(want.version as 1 | 2, { source, destination, tlvs }),
      bytes,
    );
  });
}

for (const { name, hex } of refused) {
  test(`parseProxyHeader() refuses ${name}`, async () => {
    const invalid = (error: unknown) =>
      error instanceof TunnelError && error.code === "message_invalid";
    assert.throws(() => parseProxyHeader(fromHex(hex)), invalid);
    await assert.rejects(readProxyHeader(drip(fromHex(hex), 1)), invalid);
  });
}

test("readProxyHeader() gives undefined at a clean end, connection_closed within a header", async () => {
  assert.equal(await readProxyHeader(drip(new Uint8Array(), 1)), undefined);
  await assert.rejects(
    readProxyHeader(drip(fromHex("50524f5859"), 2)),
    (error) => error instanceof TunnelError && error.code === "connection_closed",
  );
});

test("formatProxyHeader() writes a mixed pair as IPv6 and drops zones", () => {
  const bytes = formatProxyHeader(1, {
    source: { host: "192.0.2.7", port: 1 },
    destination: { host: "fe80::1%eth0", port: 2 },
  });
  assert.equal(
    new TextDecoder().decode(bytes),
    "PROXY TCP6 ::ffff:192.0.2.7 fe80::1 1 2\r\n",
  );
});

test("formatProxyHeader() says unknown unless it has both addresses", () => {
  const source = { host: "192.0.2.7", port: 1 };
  assert.equal(
    new TextDecoder().decode(formatProxyHeader(1, { source })),
    "PROXY UNKNOWN\r\n",
  );
  assert.equal(
    parseProxyHeader(formatProxyHeader(2, { source }))?.header.source,
    undefined,
  );
});

test("formatProxyHeader() refuses what is no address, no port, or too long", () => {
  const good = { host: "192.0.2.7", port: 1 };
  for (
    const source of [
      { host: "a.example", port: 1 },
      { host: "::1\r\n", port: 1 },
      { ...good, port: 65536 },
      { ...good, port: 0.5 },
    ]
  ) {
    for (const version of [1, 2] as const) {
      assert.throws(
        () => formatProxyHeader(version, { source, destination: good }),
        RangeError,
      );
    }
  }
  const tlvs = [{ type: 1, value: new Uint8Array(65_535) }];
  assert.throws(() => formatProxyHeader(2, { tlvs }), RangeError);
});

test("parseProxyHeader() undoes formatProxyHeader()", () => {
  const end = (ip: fc.Arbitrary<string>) => fc.record({ host: ip, port: fc.nat(65535) });
  const both = fc.oneof(
    fc.record({ source: end(fc.ipV4()), destination: end(fc.ipV4()) }),
    fc.record({ source: end(fc.ipV6()), destination: end(fc.ipV6()) }),
  );
  fc.assert(
    fc.property(
      both,
      fc.constantFrom(1 as const, 2 as const),
      ({ source, destination }, version) => {
        const bytes = formatProxyHeader(version, { source, destination });
        const parsed = parseProxyHeader(bytes)!;
        assert.equal(parsed.length, bytes.length);
        assert.equal(parsed.header.source!.port, source.port);
        assert.deepEqual(formatProxyHeader(version, parsed.header), bytes);
      },
    ),
  );
});

test("parseProxyHeader() of any bytes gives a header, undefined, or message_invalid", () => {
  const starts = accepted.map(({ hex }) => fromHex(hex));
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      (start, at, byte, cut) => {
        const bytes = start.slice(0, 1 + cut % start.length);
        bytes[at % bytes.length] = byte;
        try {
          const parsed = parseProxyHeader(bytes);
          assert.ok(parsed === undefined || parsed.length <= bytes.length);
        } catch (thrown) {
          assert.ok(
            thrown instanceof TunnelError && thrown.code === "message_invalid",
            String(thrown),
          );
        }
      },
    ),
    { numRuns: 2000 },
  );
});
