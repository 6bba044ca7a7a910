/**
 * What agents that are not ours send when they cannot reach their service, byte for byte as seen:
 * the Go SDK of before 2024, the one after it, the agent of the second generation, the Rust SDKs.
 *
 * @module
 */

/** Whole answers. */
export const FOREIGN_502: readonly string[] = [
  "HTTP/0.0 502 Bad Gateway\r\n\r\n" +
  "failed to connect to backend: dial tcp 127.0.0.1:1: connect: connection refused",
  "HTTP/1.1 502 Bad Gateway\r\nDate: Mon, 23 Nov 2026 18:16:50 GMT\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\nConnection: close\r\n" +
  "Content-Type: text/html\r\n\r\npage",
  "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 57\r\n" +
  "date: Mon, 23 Nov 2026 18:16:51 GMT\r\n\r\n" +
  "failed to dial backend: Connection refused (os error 111)",
];
