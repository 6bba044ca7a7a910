/**
 * `sallyport edge certificates`.
 *
 * @module
 */
import { type Command, defineCommand, defineFlag, defineGroup, type Flag } from "../command.ts";

const DATA_FLAG: Flag & { readonly name: "data" } = defineFlag({
  name: "data",
  value: "folder",
  summary: "where the edge keeps certificates, keys and accounts",
  fallback: "sallyport-data",
  env: ["SALLYPORT_EDGE_DATA"],
});

const listCommand: Command = defineCommand({
  name: "edge certificates list",
  summary: "tell how the certificates of an edge fare",
  description:
    `Lists every certificate in the data folder as JSON: for which names, who brings it (acme, uploaded, or the edge's own authority), how many days it lasts, when it is renewed, and what stands in the way.`,
  examples: [{ line: "edge certificates list", does: "lists them" }],
  flags: [DATA_FLAG],
  async run(cli, input) {
    const { listCertificates } = await import("../edge_certificates.ts");
    return await listCertificates(cli, input.flag("data") ?? "");
  },
});

const revokeCommand: Command = defineCommand({
  name: "edge certificates revoke",
  summary: "revoke a certificate of the edge's own authority",
  description:
    `Puts a certificate on the list at http://crl.<domain>/sallyport.crl, where agents look before they connect: do it when its key may be in other hands. The word "agents" means the one that agents see; a running edge presents another one within a second.`,
  examples: [
    { line: "edge certificates revoke agents", does: "revokes the one that agents see" },
    { line: "edge certificates revoke 4f2a0c", does: "revokes an older one" },
  ],
  argument: {
    name: "number",
    missing: 'say which: its number, or "agents"',
    summary: 'the number of the certificate, or "agents"',
  },
  flags: [DATA_FLAG],
  async run(cli, input) {
    const { revokeCertificate } = await import("../edge_certificates.ts");
    return await revokeCertificate(cli, input.flag("data") ?? "", input.argument ?? "");
  },
});

/** The certificates of an edge, for operators. */
export const certificatesCommand: Command = defineGroup({
  name: "edge certificates",
  summary: "tell how certificates fare, revoke one",
  description:
    "Works on the data folder of the edge, whether or not it is running; a running edge follows within a second.",
  examples: [listCommand.examples[0]],
  commands: [listCommand, revokeCommand],
});
