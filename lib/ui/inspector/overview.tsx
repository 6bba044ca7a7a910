/**
 * What stands beside the list while nothing is selected: the addresses to try, for this machine and
 * for a phone.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Badge } from "../kit/badge.tsx";
import { CopyField } from "../kit/copy_field.tsx";
import { Mark } from "../kit/mark.tsx";
import type { InspectorState } from "./inspector_state.ts";
import { QrCode } from "./qr_code.tsx";
import { isReachable } from "./words.ts";

/** More addresses are on the status page. */
const SHOWN = 3;

/** The addresses to try. */
export function Overview({ state }: { readonly state: InspectorState }): VNode {
  const endpoints = state.status.value?.endpoints ?? [];
  const hasAny = state.all.value.length > 0;
  const shown = endpoints.slice(0, SHOWN);
  const isForPhones = shown.some(({ url }) => isWeb(url) && isReachable(url));
  return (
    <div class="overview">
      <Mark size={44} />
      <h2>{hasAny ? "Choose an exchange" : "Waiting for visitors"}</h2>
      <p class="soft">
        {hasAny
          ? "Its headers, its body and its timing are shown here; it can be sent again, changed, and compared with another."
          : endpoints.length > 0
          ? isForPhones
            ? "Open one of these addresses, here or on your phone. What comes in appears at once."
            : "Open an address on this machine. What comes in appears at once."
          : "No endpoint is online."}
      </p>
      <ul class="tries">
        {shown.map(({ name, url, upstream, inspect, online }) => (
          <li key={name} class="try">
            {isWeb(url) && isReachable(url) && <QrCode text={url} />}
            <div class="try-words">
              <a href={url} target="_blank" rel="noreferrer" class="try-link">{url}</a>
              <span class="soft small">leads to {upstream}</span>
              {!online && <Badge kind="warn" dot>offline</Badge>}
              {!inspect && <Badge>not inspected</Badge>}
              {isWeb(url) && (
                <CopyField label={`Command for ${name}`} labelHidden value={`curl ${url}`} />
              )}
            </div>
          </li>
        ))}
      </ul>
      {endpoints.length > SHOWN && (
        <p class="soft small">and {endpoints.length - SHOWN} more, on the status page</p>
      )}
      <p class="soft small hint">
        <kbd>j</kbd> <kbd>k</kbd> go through the list, <kbd>/</kbd> searches, <kbd>?</kbd>{" "}
        shows all keys
      </p>
    </div>
  );
}

function isWeb(url: string): boolean {
  return /^https?:/.test(url);
}
