/**
 * What a runtime throws, made into a TunnelError: once, here, by `error.code`. The adapters call it
 * at every seam; nothing above this room looks at a runtime's error names.
 *
 * @module
 */
import { type ErrorCode, TunnelError } from "../base/errors.ts";

/** A code of the operating system, our code for it, and the words a person reads. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ECONNREFUSED: ["connection_refused", "connection refused"],
  ECONNRESET: ["connection_reset", "the peer cut the connection"],
  EPIPE: ["connection_reset", "the peer cut the connection"],
  ECONNABORTED: ["connection_reset", "the connection was cut"],
  ENOTCONN: ["connection_closed", "the connection is over"],
  ERR_STREAM_DESTROYED: ["connection_closed", "the connection is over"],
  ERR_STREAM_PREMATURE_CLOSE: ["connection_closed", "the connection is over"],
  ERR_SOCKET_CLOSED: ["connection_closed", "the connection is over"],
  ERR_STREAM_WRITE_AFTER_END: ["connection_closed", "our direction has ended"],
  ENOTFOUND: ["host_not_found", "the name does not resolve"],
  EAI_AGAIN: ["host_not_found", "the name server does not answer"],
  EAI_NONAME: ["host_not_found", "the name does not resolve"],
  EAI_NODATA: ["host_not_found", "the name has no address"],
  EAI_FAIL: ["host_not_found", "the name server refuses to answer"],
  EAI_ADDRFAMILY: ["host_not_found", "the name has no address of that kind"],
  DNS_ENOTFOUND: ["host_not_found", "the name does not resolve"],
  ENETUNREACH: ["network_unreachable", "the network is unreachable"],
  EHOSTUNREACH: ["network_unreachable", "the host is unreachable"],
  ENETDOWN: ["network_unreachable", "the network is down"],
  EHOSTDOWN: ["network_unreachable", "the host is down"],
  ETIMEDOUT: ["timed_out", "no answer in time"],
  ETIME: ["timed_out", "no answer in time"],
  EADDRINUSE: ["address_in_use", "address already in use"],
  EADDRNOTAVAIL: [
    "address_not_available",
    "the address does not belong to this machine",
  ],
  EAFNOSUPPORT: [
    "address_not_available",
    "this machine has no such kind of address",
  ],
  EACCES: ["permission_denied", "permission denied"],
  EPERM: ["permission_denied", "permission denied"],
  ERR_ACCESS_DENIED: ["permission_denied", "permission denied"],
  ENOENT: ["not_found", "there is no such file"],
  ENOTDIR: ["not_found", "a part of the path is not a directory"],
  EISDIR: ["io_failed", "it is a directory"],
  EEXIST: ["io_failed", "it exists already"],
  ENOTEMPTY: ["io_failed", "the directory is not empty"],
  ENOSPC: ["io_failed", "no space left on the device"],
  EROFS: ["permission_denied", "the file system is read-only"],
  EMFILE: ["io_failed", "too many open files"],
  ENFILE: ["io_failed", "too many open files on this machine"],
  ENAMETOOLONG: ["io_failed", "the name is too long"],
  ELOOP: ["io_failed", "it is a link that is not followed"],
  EINVAL: ["io_failed", "the operating system finds it invalid"],
};

/** What TLS fails of, verdicts on certificates mostly, as OpenSSL names it; Deno and Bun use the same names. */
const TLS_ERRORS: Readonly<
  Record<string, readonly [ErrorCode, string]>
> = {
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: [
    "tls_protocol",
    "it speaks none of the protocols offered inside TLS",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "tls_name_mismatch",
    "its certificate is for another name",
  ],
  ERR_TLS_CERT_ALTNAME_FORMAT: [
    "tls_name_mismatch",
    "the names in its certificate are unreadable",
  ],
  CERT_HAS_EXPIRED: ["tls_expired", "its certificate has expired"],
  CERT_NOT_YET_VALID: ["tls_expired", "its certificate is not valid yet"],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    "tls_untrusted",
    "its certificate is self-signed",
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    "tls_untrusted",
    "its authority is not trusted here",
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "tls_untrusted",
    "its certificate has no trusted issuer",
  ],
  UNABLE_TO_GET_ISSUER_CERT: [
    "tls_untrusted",
    "its certificate has no trusted issuer",
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    "tls_untrusted",
    "its certificate has no trusted issuer",
  ],
  CERT_SIGNATURE_FAILURE: [
    "tls_untrusted",
    "the signature of its certificate is wrong",
  ],
  CERT_REVOKED: ["tls_untrusted", "its certificate was revoked"],
  CERT_UNTRUSTED: ["tls_untrusted", "its certificate is not trusted"],
  CERT_REJECTED: ["tls_untrusted", "its certificate is not trusted for this"],
  CERT_CHAIN_TOO_LONG: [
    "tls_untrusted",
    "its chain of certificates is too long",
  ],
  PATH_LENGTH_EXCEEDED: [
    "tls_untrusted",
    "its chain of certificates is too long",
  ],
  INVALID_CA: ["tls_untrusted", "its authority may not issue certificates"],
  INVALID_PURPOSE: ["tls_untrusted", "its certificate is not meant for this"],
  HOSTNAME_MISMATCH: [
    "tls_name_mismatch",
    "its certificate is for another name",
  ],
};

/** The `code` of whatever was thrown, or "". */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * Makes the TunnelError of something a runtime threw.
 *
 * @param thrown what it threw or emitted
 * @param tried the beginning of the sentence: `Cannot connect to "localhost:80"`
 * @param fallback the code of what is in no table
 * @returns a TunnelError whose message is `tried`, a colon, and what was found
 */
export function translateError(
  thrown: unknown,
  tried: string,
  fallback: ErrorCode = "io_failed",
): TunnelError {
  if (thrown instanceof TunnelError) return thrown;
  const [code, found] = explain(thrown, fallback);
  return new TunnelError(code, `${tried}: ${found}`, { cause: thrown });
}

/**
 * Tells the failure of a TLS handshake as the failure of the connection it was part of.
 *
 * @param thrown what the handshake failed with
 * @param tried the beginning of the sentence, with the address that was dialled
 * @param limitMs the limit of the whole
 */
export function retell(thrown: unknown, tried: string, limitMs: number): TunnelError {
  const error = translateError(thrown, tried, "tls_failed");
  const found = error.code === "timed_out"
    ? `no TLS handshake within ${limitMs} ms`
    : error.message.slice(error.message.indexOf(": ") + 2);
  return new TunnelError(error.code, `${tried}: ${found}`, { cause: error.cause });
}

function explain(
  thrown: unknown,
  fallback: ErrorCode,
): readonly [ErrorCode, string] {
  const code = codeOf(thrown);
  const known = SYSTEM_ERRORS[code] ?? TLS_ERRORS[code];
  if (known) return known;
  // Deno answers a missing permission with an error that has a name and no code.
  const name = (thrown as { name?: unknown } | null)?.name;
  if (name === "NotCapable" || name === "PermissionDenied") {
    return ["permission_denied", "permission denied"];
  }
  // OpenSSL, BoringSSL and rustls word their texts differently; the code is common to all three.
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_")) {
    const words = code.replace(/^ERR_O?SSL_/, "").replace(
      /^(TLSV1|TLSV13|SSLV3)_ALERT_/,
      "alert ",
    );
    return ["tls_failed", words.toLowerCase().replaceAll("_", " ")];
  }
  if (code.startsWith("ERR_TLS_")) return ["tls_failed", textOf(thrown)];
  return [fallback, textOf(thrown)];
}

/** The first line of an error's message, for errors nobody has named. */
function textOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split("\n")[0].replace(/\.$/, "") || "no reason was given";
}
