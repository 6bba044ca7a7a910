/**
 * A QR code, dark on light in every theme, for that is what cameras read.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { qrShape } from "./qr.ts";

/** The code of an address. */
export function QrCode({ text }: { readonly text: string }): VNode {
  const { size, path } = useMemo(() => qrShape(text), [text]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={`QR code of ${text}`}
      shape-rendering="crispEdges"
    >
      <rect class="qr-light" width={size} height={size} />
      <path class="qr-dark" d={path} />
    </svg>
  );
}
