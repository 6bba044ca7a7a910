/**
 * Providers that send the secret itself, and those whose secret is no plain key: GitLab, Orbit,
 * VMware Workspace ONE, Buildkite, Microsoft Teams. A secret that travels proves less than a
 * signature does: whoever sees one request can make others.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../../base/base64.ts";
import { encodeText } from "../../../base/bytes.ts";
import { hmac, sameBytes, sameText } from "./crypto.ts";
import { hmacProvider, timeThenBody } from "./hmac_rule.ts";
import { GENUINE, refuted, type WebhookProvider } from "./message.ts";

/** The secret, in a header. */
function tokenProvider(id: string, title: string, header: string): WebhookProvider {
  return {
    id,
    title,
    async verify(message, secret) {
      const given = message.header(header);
      if (given === undefined) return refuted(`it has no ${header} header`);
      return await sameText(given, secret) ? GENUINE : refuted("its token does not match");
    },
  };
}

/** Name and password of HTTP basic auth; the secret is both, `name::password`. */
const VMWARE: WebhookProvider = {
  id: "vmware",
  title: "VMware Workspace ONE",
  complain: (secret) => secret.includes("::") ? undefined : 'it must read "username::password"',
  async verify(message, secret) {
    const given = message.header("authorization");
    if (given === undefined) return refuted("it has no Authorization header");
    const at = secret.indexOf("::");
    const pair = `${secret.slice(0, at)}:${secret.slice(at + 2)}`;
    const wanted = `basic ${toBase64(encodeText(pair))}`;
    const same = await sameText(given.replace(/^basic +/i, "basic "), wanted);
    return same ? GENUINE : refuted("its credentials do not match");
  },
};

const BUILDKITE_SIGNATURE = hmacProvider({
  id: "buildkite",
  title: "Buildkite",
  headers: ["X-Buildkite-Signature"],
  digest: "SHA-256",
  encoding: "hex",
  field: "signature",
  time: { field: "timestamp", unit: "s" },
  signed: timeThenBody("", "."),
});

const BUILDKITE_TOKEN = tokenProvider("buildkite", "Buildkite", "X-Buildkite-Token");

/** Its settings choose between a signature and the token itself. */
const BUILDKITE: WebhookProvider = {
  id: "buildkite",
  title: "Buildkite",
  verify(message, secret, tools) {
    const signed = message.header("X-Buildkite-Signature") !== undefined;
    const way = signed ? BUILDKITE_SIGNATURE : BUILDKITE_TOKEN;
    return way.verify(message, secret, tools);
  },
};

/** `Authorization: HMAC <base64>`; the key is base64. */
const MICROSOFT_TEAMS: WebhookProvider = {
  id: "microsoft_teams",
  title: "Microsoft Teams",
  complain: (secret) => fromBase64(secret)?.length ? undefined : "it must be base64",
  async verify(message, secret) {
    const match = /^HMAC\s+(\S+)$/i.exec(message.header("authorization") ?? "");
    const given = match ? fromBase64(match[1]) : undefined;
    const key = fromBase64(secret);
    if (!given || !key || key.length === 0) return refuted("it has no Authorization: HMAC header");
    const expected = await hmac("SHA-256", key, message.body);
    return sameBytes(given, expected) ? GENUINE : refuted("its signature does not match");
  },
};

/** All of them. */
export const TOKEN_PROVIDERS: readonly WebhookProvider[] = [
  tokenProvider("gitlab", "GitLab", "X-Gitlab-Token"),
  tokenProvider("orbit", "Orbit", "X-Orbit-Signature"),
  VMWARE,
  BUILDKITE,
  MICROSOFT_TEAMS,
];
