/**
 * Values of `sallyport api` that may come from elsewhere than the command line: the traffic policy of
 * an endpoint from a file or a URL, a secret from a file, where no list of processes shows it.
 *
 * `commands/api.ts` makes the flags, `api_call.ts` reads what they name.
 *
 * @module
 */
import type { ApiOperation } from "../api/operations.ts";
import { TunnelError } from "../base/errors.ts";
import type { Host } from "../runtime/host.ts";
import type { Flag, Input } from "./command.ts";
import { type Fetch, readPolicySource } from "./policy_source.ts";

/** Fields of bodies, by resource, whose value may come from elsewhere. */
const SOURCES: Readonly<
  Record<string, { readonly field: string; readonly flags: readonly Flag[] }>
> = {
  endpoints: {
    field: "traffic_policy",
    flags: [
      { name: "traffic-policy-file", value: "path", summary: "where the traffic policy is" },
      { name: "traffic-policy-url", value: "url", summary: "where the traffic policy is fetched" },
    ],
  },
  vault_secrets: {
    field: "value",
    flags: [{ name: "value-file", value: "path", summary: "the file whose text is the value" }],
  },
};

/** The flags that name where a value of this operation is. */
export function sourceFlags({ resource, params }: ApiOperation): readonly Flag[] {
  const source = SOURCES[resource];
  const isTaken = source &&
    params.some((param) => param.in === "body" && param.name === source.field);
  return isTaken ? source.flags : [];
}

/**
 * Reads the value that a flag says the place of.
 *
 * @param host where files are read
 * @param operation what is to be done
 * @param input the flags
 * @param fetchText gets what is at a URL
 * @returns the fields of the body that were read
 * @throws {TunnelError} usage when two flags say the same thing; not_found and its like
 */
export async function readSources(
  host: Host,
  operation: ApiOperation,
  input: Input,
  fetchText?: Fetch,
): Promise<Readonly<Record<string, string>>> {
  const flags = sourceFlags(operation);
  const given = flags.filter(({ name }) => input.isGiven(name));
  if (given.length === 0) return {};
  const { field } = SOURCES[operation.resource];
  const bare = field.replaceAll("_", "-");
  const names = [...(input.isGiven(bare) ? [bare] : []), ...given.map(({ name }) => name)];
  if (names.length > 1) {
    throw new TunnelError("usage", `--${names[0]} and --${names[1]} exclude each other`);
  }
  const [name] = names;
  if (name === "value-file") {
    // The line end that editors put there is no part of a secret.
    return { [field]: (await host.files.readText(input.flag(name)!)).replace(/\r?\n$/, "") };
  }
  const file = input.flag("traffic-policy-file");
  const url = input.flag("traffic-policy-url");
  return { [field]: (await readPolicySource(host, file, url, fetchText))! };
}
