/**
 * Where the time of an exchange went: until the request was complete, until the response began, until
 * all was over.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import type { ExchangeDetail } from "../../api/agent/shapes.ts";
import { formatLatency } from "../kit/format.ts";

/** The times of an exchange; nothing as long as there are none. */
export function TimeLine({ exchange }: { readonly exchange: ExchangeDetail }): VNode | null {
  const { request_ms: requestMs, first_byte_ms: firstMs, duration_ms: endMs } = exchange;
  if (endMs === null || firstMs === null) return null;
  const sentMs = Math.min(requestMs ?? 0, firstMs);
  const parts = [
    ["sent", "Request", sentMs],
    ["wait", "Service", firstMs - sentMs],
    ["back", "Response", Math.max(0, endMs - firstMs)],
  ] as const;
  const total = Math.max(endMs, 0.001);
  return (
    <div class="time-line">
      <div class="time-bar" aria-hidden="true">
        {parts.map(([key, , ms]) => (
          <span key={key} class={`time-${key}`} style={{ flexGrow: ms / total }} />
        ))}
      </div>
      <dl class="time-words">
        {parts.map(([key, words, ms]) => (
          <div key={key}>
            <dt>
              <span class={`time-key time-${key}`} aria-hidden="true" />
              {words}
            </dt>
            <dd>{formatLatency(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
