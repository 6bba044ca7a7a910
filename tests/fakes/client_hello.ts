/**
 * What a TLS visitor says first, for tests that need no handshake behind it.
 *
 * @module
 */

/** A ClientHello for a name, or for none, as the first bytes of a visitor. */
export function clientHello(serverName?: string): Uint8Array {
  const name = serverName === undefined ? [] : [...serverName].map((char) => char.charCodeAt(0));
  const sni = serverName === undefined ? [] : [
    0,
    0,
    0,
    name.length + 5,
    0,
    name.length + 3,
    0,
    0,
    name.length,
    ...name,
  ];
  const body = [
    3,
    3,
    ...new Array(32).fill(7),
    0,
    0,
    2,
    0x13,
    1,
    1,
    0,
    0,
    sni.length,
    ...sni,
  ];
  const message = [1, 0, 0, body.length, ...body];
  return Uint8Array.from([22, 3, 1, 0, message.length, ...message]);
}
