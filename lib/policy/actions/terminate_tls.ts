/**
 * `terminate-tls`: ends visitors' TLS at the edge, and says how. It is settled when the endpoint is
 * bound, for the TLS door must know it before the first byte of the answer.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import type { ClientAuth } from "../../runtime/net.ts";
import { type Action, type CompileContext, defineAction } from "../action.ts";
import { policyFault } from "../fault.ts";

type TlsVersion = "1.2" | "1.3";

interface TerminateTlsConfig {
  readonly min_version: TlsVersion;
  readonly max_version: TlsVersion;
  readonly server_private_key?: string;
  readonly server_certificate?: string;
  readonly mutual_tls_certificate_authorities: readonly string[];
  readonly mutual_tls_verification_strategy?: "require-and-verify" | "require-any" | "request";
}

// YAML reads 1.2 as a number.
const version: Schema<TlsVersion> = z.preprocess(
  (value) => typeof value === "number" ? String(value) : value,
  z.enum(["1.2", "1.3"]),
) as unknown as Schema<TlsVersion>;

const config: Schema<TerminateTlsConfig> = z.strictObject({
  min_version: version.default("1.2"),
  max_version: version.default("1.3"),
  server_private_key: z.string().optional(),
  server_certificate: z.string().optional(),
  mutual_tls_certificate_authorities: z.array(z.string()).default([]),
  mutual_tls_verification_strategy: z.enum(["require-and-verify", "require-any", "request"])
    .optional(),
}) as unknown as Schema<TerminateTlsConfig>;

const STRATEGIES: Readonly<Record<string, ClientAuth>> = {
  "require-and-verify": "require_and_verify",
  "require-any": "require_any",
  "request": "request",
};

/** The action. */
export const terminateTls: Action = defineAction({
  type: "terminate-tls",
  phases: ["on_tcp_connect"],
  protos: ["https", "tls"],
  config,
  async compile(given, context) {
    const { min_version: minVersion, max_version: maxVersion } = given;
    if (minVersion > maxVersion) {
      throw policyFault(
        2222,
        `Cannot use ${context.where}: min_version ${minVersion} is above max_version ${maxVersion}`,
      );
    }
    const chainPem = fixed("server_certificate", given.server_certificate, context);
    const keyPem = fixed("server_private_key", given.server_private_key, context);
    if ((chainPem === undefined) !== (keyPem === undefined)) {
      throw policyFault(
        2240,
        `Cannot use ${context.where}: server_certificate and server_private_key come together`,
      );
    }
    const clientRoots = await authorities(
      given.mutual_tls_certificate_authorities,
      context,
    );
    const strategy = given.mutual_tls_verification_strategy;
    if (clientRoots.length === 0 && (strategy ?? "request") === "require-and-verify") {
      throw policyFault(
        2240,
        `Cannot use ${context.where}: require-and-verify needs mutual_tls_certificate_authorities`,
      );
    }
    const asks = clientRoots.length > 0 || strategy !== undefined;
    return {
      termination: {
        minVersion,
        maxVersion,
        ...(chainPem !== undefined && keyPem !== undefined &&
          { certificate: { chainPem, keyPem } }),
        ...(asks && { clientAuth: STRATEGIES[strategy ?? "require-and-verify"] }),
        ...(clientRoots.length > 0 && { clientRoots }),
      },
    };
  },
});

/** A text that must be known now. */
function fixed(
  field: string,
  value: string | undefined,
  context: CompileContext,
): string | undefined {
  if (value === undefined || value === "") return undefined;
  const { constant } = context.text(field, value);
  if (constant !== undefined) return constant;
  throw policyFault(
    2224,
    `Cannot use ${context.where}: "${field}" is settled when the endpoint starts, so it cannot ` +
      "be an expression",
  );
}

async function authorities(
  given: readonly string[],
  context: CompileContext,
): Promise<string[]> {
  const roots: string[] = [];
  for (const entry of given) {
    const text = fixed("mutual_tls_certificate_authorities", entry, context) ?? "";
    const pem = text.startsWith("ca_") ? await context.certificateAuthority?.(text) : text;
    if (pem?.includes("-----BEGIN CERTIFICATE-----")) {
      roots.push(pem);
      continue;
    }
    throw policyFault(
      2222,
      text.startsWith("ca_")
        ? `Cannot use ${context.where}: your account has no certificate authority "${text}"`
        : `Cannot use ${context.where}: a certificate authority must be a PEM text or an id "ca_…"`,
    );
  }
  return roots;
}
