/**
 * How long ago something was, kept up to date while it is in sight.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatAgo } from "../kit/format.ts";

const TICK_MS = 5_000;

/** How long ago. */
export function Age({ of }: { readonly of: string }): VNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [of]);
  return <span class="soft">{formatAgo(Math.max(0, now - Date.parse(of)))}</span>;
}
