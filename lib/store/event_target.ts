/**
 * The targets of event destinations: what of one is shown, and what is sealed. The API takes targets
 * apart, whoever delivers events puts them together again.
 *
 * @module
 */
import type { Sealer } from "./seal.ts";
import type { EventDestinationRow } from "./tables.ts";

/** A target: one kind, and its settings. */
export type EventTarget = Readonly<Record<string, unknown>>;

const AWS: readonly string[] = ["auth.creds.aws_secret_access_key"];

/** What is secret about each kind of target. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  firehose: AWS,
  kinesis: AWS,
  cloudwatch_logs: AWS,
  datadog: ["api_key"],
  azure_logs_ingestion: ["client_secret"],
  http: ["secret", "headers"],
};

/** The columns of a row that a target becomes. */
export type SealedTarget = Pick<EventDestinationRow, "target" | "target_sealed">;

/**
 * Takes a target apart.
 *
 * @param sealer seals the secrets
 * @param id of the destination: the seal is bound to it
 * @param target as it was given: one kind, and its settings
 */
export async function sealTarget(
  sealer: Sealer,
  id: string,
  target: EventTarget,
): Promise<SealedTarget> {
  const open = structuredClone(target) as Record<string, unknown>;
  const secrets: Record<string, unknown> = {};
  for (const [kind, paths] of Object.entries(SECRETS)) {
    for (const path of paths) {
      const { holder, key } = locate(open[kind], path);
      if (holder?.[key] === undefined) continue;
      secrets[`${kind}.${path}`] = holder[key];
      delete holder[key];
    }
  }
  const none = Object.keys(secrets).length === 0;
  const owner = ownerOf(id);
  return {
    target: open,
    target_sealed: none ? null : await sealer.seal(JSON.stringify(secrets), owner),
  };
}

/**
 * Puts a target together, secrets included.
 *
 * @param sealer opens the secrets
 * @param row of the destination
 * @throws {TunnelError} config_invalid when the key is another one
 */
export async function openTarget(
  sealer: Sealer,
  row: Pick<EventDestinationRow, "id" | "target" | "target_sealed">,
): Promise<EventTarget> {
  const target = structuredClone(row.target) as Record<string, unknown>;
  if (row.target_sealed === null) return target;
  const secrets = JSON.parse(await sealer.open(row.target_sealed, ownerOf(row.id)));
  for (const [name, value] of Object.entries(secrets)) {
    const at = name.indexOf(".");
    const { holder, key } = locate(target[name.slice(0, at)], name.slice(at + 1));
    if (holder) holder[key] = value;
  }
  return target;
}

function ownerOf(id: string): string {
  return `event_destinations/${id}`;
}

/** The object that holds the last name of a path. */
function locate(
  settings: unknown,
  path: string,
): { holder: Record<string, unknown> | undefined; key: string } {
  const names = path.split(".");
  const key = names.pop()!;
  let holder = settings as Record<string, unknown> | null | undefined;
  for (const name of names) holder = holder?.[name] as typeof holder;
  return { holder: holder ?? undefined, key };
}
