/**
 * Buttons. A button that is busy or barred stays where it is and keeps the focus: it says so to screen
 * readers and does nothing, instead of vanishing from the keyboard's way.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { Icon, type IconName } from "./icons.tsx";

/** What a button is. */
export interface ButtonProps {
  /** `primary` is the one thing to do here, `danger` cannot be taken back, `quiet` stands in rows. @default {"plain"} */
  readonly kind?: "plain" | "primary" | "danger" | "quiet";
  /** A sign before the words. */
  readonly icon?: IconName;
  /** The words, when there is only a sign, or when those in sight do not say what of. */
  readonly label?: string;
  /** It works on it. */
  readonly busy?: boolean | undefined;
  /** It cannot be used now. */
  readonly disabled?: boolean | undefined;
  /** Sends the form around it, instead of calling `onClick`. */
  readonly submit?: boolean;
  /** Whether a dialog sets the focus here when it opens. */
  readonly autofocus?: boolean;
  /** What it does. */
  readonly onClick?: () => void;
  /** What it says. */
  readonly children?: ComponentChildren;
}

/** A button. */
export function Button(props: ButtonProps): VNode {
  const { kind = "plain", icon, label, busy = false, submit = false, children } = props;
  const barred = busy || (props.disabled ?? false);
  const classes = ["button"];
  if (kind !== "plain") classes.push(`button-${kind}`);
  if (children === undefined) classes.push("button-icon");
  if (busy) classes.push("button-busy");
  const sign = busy ? "spin" : icon;
  return (
    <button
      type={submit ? "submit" : "button"}
      class={classes.join(" ")}
      aria-label={label}
      aria-disabled={barred ? "true" : undefined}
      aria-busy={busy ? "true" : undefined}
      title={children === undefined ? label : undefined}
      autofocus={props.autofocus}
      onClick={(event) => {
        if (barred) event.preventDefault();
        else props.onClick?.();
      }}
    >
      {sign && <Icon name={sign} />}
      {children}
    </button>
  );
}
