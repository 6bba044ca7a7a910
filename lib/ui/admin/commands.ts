/**
 * Command lines to paste on the machine with the service.
 *
 * @module
 */
import type { EdgeStatus } from "./model.ts";

/** What the certificate of the edge's authority is called once it was downloaded. */
export const CA_FILE = "sallyport-ca.pem";

/**
 * Starts an agent for a web service.
 *
 * @param edge where to
 * @param token the authtoken, when it is known
 */
export function agentCommand(edge: EdgeStatus, token = "<authtoken>"): string {
  const words = ["sallyport http 8080"];
  if (edge.connect_address) words.push(`--connect-url ${edge.connect_address}`);
  if (edge.has_ca) words.push(`--connect-cas ${CA_FILE}`);
  words.push(`--authtoken ${token}`);
  return words.join(" ");
}
