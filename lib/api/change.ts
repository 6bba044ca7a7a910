/**
 * How an operation writes: everything in one transaction together with its entries in the audit
 * trail, and only when that is on the disk do others hear of it.
 *
 * @module
 */
import { toTunnelError } from "../base/errors.ts";
import type { ApiEvent } from "./api_event.ts";
import { makeEvent, record } from "./events.ts";
import type { ApiChange, Call, EdgeApiDeps, Json } from "./resource.ts";

/** A call that writes. */
export interface Change extends Call {
  /** Writes into the audit trail. */
  record(type: string, object: Json): Promise<void>;
  /** Tells others of a change, after it is on the disk. */
  changed(resource: string, verb: ApiChange["verb"], id: string): void;
}

/**
 * Writes, all or nothing.
 *
 * @param call the request
 * @param run writes through the call it gets, and through no other way: the store waits for it
 */
export async function change<T>(call: Call, run: (change: Change) => Promise<T>): Promise<T> {
  const { deps, limits } = call.api;
  const events: ApiEvent[] = [];
  const changes: ApiChange[] = [];
  const result = await deps.store.transaction((content) =>
    run({
      ...call,
      content,
      async record(type, object) {
        const event = makeEvent(call.api, { ...call, type, object });
        await record(content, event, call.nowMs, limits.maxAuditEvents);
        events.push(event);
      },
      changed(resource, verb, id) {
        changes.push({ resource, verb, accountId: call.accountId, id });
      },
    })
  );
  for (const item of changes) tell(deps, "onChanged", () => deps.onChanged?.(item));
  for (const event of events) tell(deps, "onEvent", () => deps.onEvent?.(event));
  return result;
}

/** A listener that throws is reported, and harms nobody: what it hears of has happened. */
export function tell(deps: EdgeApiDeps, name: string, call: () => void): void {
  try {
    call();
  } catch (thrown) {
    deps.logger.log("error", `${name} of the API failed`, { err: toTunnelError(thrown).message });
  }
}
