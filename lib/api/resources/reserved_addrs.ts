/**
 * Reserved addresses: TCP addresses that only their account may bind.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import type { Change } from "../change.ts";
import { formatTime } from "../events.ts";
import { identity, ownTexts, text } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import { readRegion } from "../regions.ts";
import type { Resource } from "../resource.ts";
import { findRow, idParam, storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const spec: StoredSpec<"reserved_addrs", { readonly region?: string }, object> = {
  name: "reserved_addrs",
  one: "reserved address",
  many: "reserved addresses",
  table: "reserved_addrs",
  prefix: "ra",
  event: "tcp_address",
  object: z.strictObject({
    ...identity("ra", "/reserved_addrs"),
    ...ownTexts("the address"),
    addr: text("Host and port, chosen by the edge", "tunnels.example.net:20001"),
    region: text("Where it is", "us"),
    endpoint_configuration: z.null().meta({ description: "Always null", examples: [null] }),
  }),
  create: z.strictObject({
    ...ownTexts("the address"),
    region: text("Where it shall be", "us").optional(),
  }),
  update: z.strictObject(ownTexts("the address")),
  filter: { ...BASE_FILTER, addr: "text", region: "text" },
  codes: { description: 504, metadata: 505 },
  emptyUpdate: 506,
  quota: 502,
  taken: 503,
  examples: {
    create: [{ description: "SSH of device 1", region: "us" }],
    update: [{ metadata: '{"proto":"ssh"}' }],
  },
  createDetails: "The edge chooses host and port among those it may use",
  insert: async (change, body) => ({
    region: readRegion(body.region, change.api.deps.region || "us", 500),
    addr: await chooseAddress(change),
  }),
  async beforeDelete(change, row) {
    const url = `tcp://${row.addr}`;
    const [used] = await change.content.cloud_endpoints
      .list(change.accountId, { where: { url }, limit: 1 });
    if (!used) return;
    throw problem(446, `Cannot delete "${row.addr}": the cloud endpoint "${used.id}" uses it`);
  },
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/reserved_addrs/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    addr: row.addr,
    region: row.region,
    endpoint_configuration: null,
  }),
};

/** A port that nobody has, begun at a random place: who gets which must not be foreseen. */
async function chooseAddress(change: Change): Promise<string> {
  const { tcpPorts, domains, live } = change.api.deps;
  if (!tcpPorts) throw problem(503, "No address can be reserved: this edge has no tcp endpoints");
  const taken = new Set(
    (await change.content.reserved_addrs.findAnywhere({})).map(({ addr }) => addr),
  );
  const count = tcpPorts.to - tcpPorts.from + 1;
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  for (let step = 0; step < count; step++) {
    const port = tcpPorts.from + (random + step) % count;
    const addr = `${domains[0]}:${port}`;
    if (taken.has(addr)) continue;
    const holder = live.holderOf(domains[0], port);
    if (holder === undefined || holder === change.accountId) return addr;
  }
  throw problem(
    503,
    `No address is free: all ports from ${tcpPorts.from} to ${tcpPorts.to} are taken`,
  );
}

/** Reserved addresses. */
export const reservedAddrs: Resource = {
  name: spec.name,
  about: "A TCP address that only the account may bind.",
  operations: [
    ...storedOperations(spec),
    {
      verb: "delete-endpoint-configuration",
      method: "DELETE",
      path: "/reserved_addrs/{id}/endpoint_configuration",
      summary: "Does nothing: endpoint configurations have ended, old clients still detach them",
      params: { id: idParam("ra", "reserved address") },
      status: 204,
      async run(call) {
        await findRow(call, spec);
        return undefined;
      },
    },
  ],
};
