/**
 * The button that changes between light, dark and what the system has.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Button } from "./button.tsx";
import type { ThemeChoice } from "./theme.ts";

const WORDS = { system: "as the system", light: "light", dark: "dark" } as const;

/** The button; it says what is in force and what comes next. */
export function ThemeButton({ choice }: { readonly choice: ThemeChoice }): VNode {
  return (
    <Button
      kind="quiet"
      icon={choice.theme}
      label={`Colours: ${WORDS[choice.theme]}. Change to ${WORDS[choice.next]}`}
      onClick={() => choice.turn()}
    />
  );
}
