/**
 * The flags of `sallyport tls` that say where a visitor's encryption ends (spec agent B2), and what
 * they ask for. `commands/tls.ts` lists and reads them.
 *
 * @module
 */
import type { ForwardOptions } from "../agent/config.ts";
import { TunnelError } from "../base/errors.ts";
import type { Flag, Input } from "./command.ts";

/** The flags, in the order the help shows them. */
export const TLS_FLAGS: readonly [
  Flag & { readonly name: "terminate-at" },
  Flag & { readonly name: "crt" },
  Flag & { readonly name: "key" },
  Flag & { readonly name: "mutual-tls-cas" },
] = [
  {
    name: "terminate-at",
    value: "place",
    summary:
      'where encryption ends: "upstream" (your service), "agent" (here), or "edge"; with --crt it is the agent',
    choices: ["edge", "agent", "upstream"],
  },
  {
    name: "crt",
    value: "path",
    summary: "the certificate for the agent or the edge to present, a PEM file, leaf first",
  },
  { name: "key", value: "path", summary: "its private key, a PEM file without a passphrase" },
  {
    name: "mutual-tls-cas",
    value: "path",
    summary: "visitors must present a certificate that one of these authorities signed, a PEM file",
  },
];

/** What these flags give. */
export type TlsInput = Input<(typeof TLS_FLAGS)[number]["name"] | "client-cas">;

/**
 * What the flags ask for.
 *
 * @param input the flags
 * @throws {TunnelError} usage, when they contradict each other
 */
export function tlsOptions(
  input: TlsInput,
): Pick<ForwardOptions, "agentTlsTermination" | "modules"> {
  const [crt, key] = [input.flag("crt"), input.flag("key")];
  if (input.isGiven("mutual-tls-cas") && input.isGiven("client-cas")) {
    throw usage("--mutual-tls-cas and --client-cas say the same: give one");
  }
  const cas = input.flag("mutual-tls-cas") ?? input.flag("client-cas");
  if ((crt === undefined) !== (key === undefined)) {
    throw usage(`--${crt === undefined ? "crt" : "key"} is missing: they come together`);
  }
  const place = input.flag("terminate-at") ?? (crt === undefined ? "upstream" : "agent");
  if (place === "upstream") {
    if (crt === undefined && cas === undefined) return {};
    throw usage(
      `--${crt === undefined ? "mutual-tls-cas" : "crt"} needs encryption to end before the ` +
        "service: give --terminate-at agent, with --crt and --key, or --terminate-at edge",
    );
  }
  if (place === "edge") {
    const terminateAtEdge = { certificate: crt, privateKey: key };
    return { modules: { terminateAtEdge, mutualTlsCas: cas } };
  }
  if (crt === undefined || key === undefined) {
    throw usage("--terminate-at agent needs --crt and --key");
  }
  return {
    agentTlsTermination: {
      serverCertificate: crt,
      serverPrivateKey: key,
      ...(cas !== undefined && { mutualTlsCas: [cas] }),
    },
  };
}

function usage(found: string): TunnelError {
  return new TunnelError("usage", `Cannot tell where TLS is to end: ${found}`);
}
