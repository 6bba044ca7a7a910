/**
 * Gets the traffic policy of an endpoint from where the user keeps it: a file or a URL. `tunnel.ts`
 * calls it before anything is connected.
 *
 * @module
 */
import type { ForwardOptions } from "../agent/config.ts";
import type { FileWish } from "../agent/file_endpoints.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Host } from "../runtime/host.ts";

/** How long a server may take to hand out a policy. */
const FETCH_LIMIT_MS = 10_000;

/** More than any policy needs. */
const MAX_BYTES = 1024 * 1024;

/** Gets a text; a test puts its own in the place of the real one. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * A wish with its traffic policy in it.
 *
 * @param host where files are read
 * @param wanted the wish, and where its policy is
 * @param fetchText gets what is at a URL
 * @throws {TunnelError} usage when it asks for what cannot be done; not_found, refused …;
 * config_invalid when the policy is no YAML
 */
export async function withPolicy(
  host: Host,
  wanted: FileWish,
  fetchText: Fetch = fetch,
): Promise<ForwardOptions> {
  const { wish, policyFile, policyUrl, unsupported } = wanted;
  if (unsupported) {
    throw new TunnelError(
      "usage",
      `Cannot start "${wish.name}": ${unsupported}; this version cannot do that`,
    );
  }
  const trafficPolicy = await readPolicySource(host, policyFile, policyUrl, fetchText);
  return trafficPolicy === undefined ? wish : { ...wish, trafficPolicy };
}

/**
 * The text of a traffic policy, from where it is kept.
 *
 * @param host where files are read
 * @param file its path
 * @param url where it is without a path
 * @param fetchText gets what is at a URL
 * @returns `undefined` when there is neither
 * @throws {TunnelError} not_found, refused …; config_invalid when the policy is no YAML
 */
export async function readPolicySource(
  host: Host,
  file: string | undefined,
  url: string | undefined,
  fetchText: Fetch = fetch,
): Promise<string | undefined> {
  const source = file ?? url;
  if (source === undefined) return undefined;
  const text = file === undefined
    ? await fetchPolicy(source, fetchText)
    : await readPolicy(host, source);
  const { parseYamlDocument } = await import("../config/yaml_document.ts");
  // A typing error is told with its line, and before anybody is connected to.
  parseYamlDocument(text, `the traffic policy "${source}"`);
  return text;
}

async function readPolicy({ files }: Host, path: string): Promise<string> {
  try {
    return await files.readText(path);
  } catch (thrown) {
    const { code, message } = toTunnelError(thrown, "io_failed");
    const found = message.replace(/^.*": /s, "");
    throw new TunnelError(code, `Cannot read the traffic policy "${path}": ${found}`, {
      cause: thrown,
    });
  }
}

async function fetchPolicy(url: string, fetchText: Fetch): Promise<string> {
  const fault = (found: string, cause?: unknown) =>
    new TunnelError("refused", `Cannot fetch the traffic policy "${url}": ${found}`, { cause });
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw fault("it is no http:// or https:// URL");
  }
  let answer: Response;
  let text: string;
  try {
    answer = await fetchText(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
    text = await answer.text();
  } catch (thrown) {
    throw fault(toTunnelError(thrown).message, thrown);
  }
  if (!answer.ok) throw fault(`the server answered ${answer.status}`);
  if (text.length > MAX_BYTES) throw fault("it is larger than 1 MiB");
  return text;
}
