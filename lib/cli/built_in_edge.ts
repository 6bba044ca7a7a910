/**
 * The edge that a build knows from birth: whoever hands out a program of their own puts it in
 * (`scripts/release.ts`), and nobody has to configure where to dial. From source there is none.
 *
 * `config_file.ts` lays it under the configuration, `tunnel.ts` asks it for flags.
 *
 * @module
 */
import type { AgentSection } from "../agent/file_sections.ts";

/** What is compiled in. */
export interface BuiltInEdge {
  /** The address agents dial, `host:port`; empty for none. */
  readonly connectUrl: string;
  /** Its authority as PEM text; empty when the operating system's will do. */
  readonly connectCas: string;
}

/** What a build puts in the place of the name. */
declare const SALLYPORT_EDGE: BuiltInEdge | undefined;

/** What is compiled into this one. */
export const BUILT_IN_EDGE: BuiltInEdge = typeof SALLYPORT_EDGE === "object"
  ? SALLYPORT_EDGE
  : { connectUrl: "", connectCas: "" };

/**
 * What `trusted` means: the authority that is compiled in, if one is; `host` is the way round it.
 *
 * @param cas `connect_cas` as the user said it, if at all
 * @param builtIn what is compiled in
 */
export function trustedCas(
  cas: string | undefined,
  { connectCas }: BuiltInEdge = BUILT_IN_EDGE,
): string | undefined {
  const isTrusted = cas === undefined || cas === "trusted";
  return isTrusted && connectCas !== "" ? connectCas : cas;
}

/**
 * The section of the agent, with what is compiled in where it says nothing.
 *
 * @param agent what the files say
 * @param builtIn what is compiled in
 */
export function withBuiltInEdge(
  agent: AgentSection,
  builtIn: BuiltInEdge = BUILT_IN_EDGE,
): AgentSection {
  const url = agent.connect_url ?? (builtIn.connectUrl || undefined);
  const cas = trustedCas(agent.connect_cas, builtIn);
  if (url === agent.connect_url && cas === agent.connect_cas) return agent;
  return { ...agent, connect_url: url, connect_cas: cas };
}
