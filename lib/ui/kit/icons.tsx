/**
 * The few signs the pages use, drawn on 16 × 16. They are decoration: whoever shows one says in words
 * what it means.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";

const PATHS = {
  back: "M12.8 8H3.4M7 4L3 8l4 4",
  compare: "M5.2 2.8v8.4M2.8 8.8l2.4 2.4 2.4-2.4M10.8 13.2V4.8M8.4 7.2l2.4-2.4 2.4 2.4",
  edit: "M3 13l.6-2.9 7-7c.5-.5 1.4-.5 1.9 0l.4.4c.5.5.5 1.4 0 1.9l-7 7z",
  filter: "M2.5 3.5h11L9.3 8.6v4l-2.6-1.3V8.6z",
  fold: "M4.2 3.2L8 6.6l3.8-3.4M4.2 12.8L8 9.4l3.8 3.4",
  help: "M5.6 6.1c0-1.4 1-2.3 2.4-2.3s2.4.9 2.4 2.2c0 1.8-2.3 1.9-2.3 3.7M8 12.1v.2",
  link:
    "M6.8 9.2l5.6-5.6M8.6 3h4.4v4.4M11.2 9.4v2.4c0 .7-.5 1.2-1.2 1.2H4.2c-.7 0-1.2-.5-1.2-1.2V6c0-.7.5-1.2 1.2-1.2h2.4",
  search: "M7 2.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8zM10.2 10.2l3.2 3.2",
  trash: "M2.8 4.3h10.4M6.3 4.1V2.8h3.4v1.3M4.3 4.5l.5 8c0 .5.4.8.9.8h4.6c.5 0 .9-.3.9-.8l.5-8",
  unfold: "M4.2 6.4L8 3l3.8 3.4M4.2 9.6L8 13l3.8-3.4",
  upload: "M8 10.2V2.7M4.8 5.5L8 2.3l3.2 3.2M3 13.2h10",
  add: "M8 3.5v9M3.5 8h9",
  check: "M3.2 8.6l3 3 6.6-7",
  close: "M4 4l8 8M12 4l-8 8",
  copy:
    "M6 5.5V3.7c0-.7.5-1.2 1.2-1.2h5.1c.7 0 1.2.5 1.2 1.2v5.1c0 .7-.5 1.2-1.2 1.2h-1.8M3.7 6h5.1c.7 0 1.2.5 1.2 1.2v5.1c0 .7-.5 1.2-1.2 1.2H3.7c-.7 0-1.2-.5-1.2-1.2V7.2C2.5 6.5 3 6 3.7 6z",
  download: "M8 2.5v7.5M4.8 7.2L8 10.4l3.2-3.2M3 13.2h10",
  dark: "M13.2 9.7A5.6 5.6 0 0 1 6.3 2.8a5.6 5.6 0 1 0 6.9 6.9z",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  out:
    "M6.5 2.8H3.9c-.7 0-1.2.5-1.2 1.2v8c0 .7.5 1.2 1.2 1.2h2.6M10.3 5.2L13.1 8l-2.8 2.8M13 8H6.5",
  restart: "M12.9 8a4.9 4.9 0 1 1-1.5-3.5M13 2.3v2.6h-2.6",
  spin: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5",
  stop: "M4.5 4.5h7v7h-7z",
  system: "M8 2.3a5.7 5.7 0 1 0 0 11.4 5.7 5.7 0 0 0 0-11.4z",
  warn: "M8 2.6l6 10.6H2zM8 6.6v3.1M8 11.3v.4",
} as const;

/** One of the signs. */
export type IconName = keyof typeof PATHS;

/** A sign, in the colour of the text around it. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
      {name === "system" && <path d="M8 2.3a5.7 5.7 0 0 1 0 11.4z" fill="currentColor" />}
    </svg>
  );
}
