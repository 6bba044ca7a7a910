/**
 * What commands at the machine must know of the edge whose data folder they work on: its domains and
 * its ports. The edge writes it down when it starts; `edge_data.ts` reads it.
 *
 * @module
 */
import type { EdgeInside } from "../edge/edge_handle.ts";
import type { Store } from "../store/store.ts";

/** What is remembered. */
export interface RememberedFacts {
  /** The base domains. */
  readonly domains: readonly string[];
  /** The ports of tcp endpoints, when they are a range. */
  readonly tcpPorts: { readonly from: number; readonly to: number } | undefined;
}

const SETTING = "edge_facts";

/** Writes it down. */
export async function rememberFacts(
  { store, domains, tcpRange }: Pick<EdgeInside, "store" | "domains" | "tcpRange">,
): Promise<void> {
  const facts: RememberedFacts = { domains, tcpPorts: tcpRange };
  await store?.settings.set(SETTING, JSON.stringify(facts));
}

/** Reads it. */
export async function readFacts(store: Store): Promise<RememberedFacts> {
  const text = await store.settings.get(SETTING);
  return text === undefined
    ? { domains: ["localhost"], tcpPorts: undefined }
    : JSON.parse(text) as RememberedFacts;
}
