/**
 * A text to be copied: shown whole, selected by one click, copied by a button that says so.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { copyText } from "./clipboard.ts";

/** What a copy field is. */
export interface CopyFieldProps {
  /** What the text is. */
  readonly label: string;
  /** The text. */
  readonly value: string;
  /** Whether the label is for screen readers alone. */
  readonly labelHidden?: boolean;
  /** Whether a dialog sets the focus on the button when it opens. */
  readonly autofocus?: boolean;
}

/** A text to be copied. */
export function CopyField({ label, value, labelHidden, autofocus }: CopyFieldProps): VNode {
  const id = useId();
  const text = useRef<HTMLElement>(null);
  const [said, say] = useState("");
  async function copy() {
    const { clipboard } = globalThis.navigator;
    const copied = await copyText({
      write: clipboard && ((text) => clipboard.writeText(text)),
      copySelected: () => {
        globalThis.getSelection()?.selectAllChildren(text.current!);
        return document.execCommand("copy");
      },
    }, value);
    say(copied ? "Copied" : "Selected: press Ctrl+C");
  }
  return (
    <div class="copy-field">
      <span id={id} class={labelHidden ? "visually-hidden" : "copy-field-label"}>{label}</span>
      <div class="copy-field-box">
        <code ref={text} class="copy-field-value" aria-labelledby={id}>{value}</code>
        <Button
          kind="quiet"
          icon={said === "Copied" ? "check" : "copy"}
          label={said || `Copy: ${label}`}
          autofocus={autofocus}
          onClick={copy}
        />
      </div>
      <span class="visually-hidden" role="status">{said}</span>
    </div>
  );
}
