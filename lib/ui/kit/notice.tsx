/**
 * A sentence the reader should not miss: a warning, or what the API said was wrong.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { Icon } from "./icons.tsx";
import type { Problem } from "./problem.ts";

/** What a notice is. */
export interface NoticeProps {
  /** How bad it is. @default {"plain"} */
  readonly kind?: "plain" | "warn" | "bad";
  /** The sentence. */
  readonly children: ComponentChildren;
}

/** A sentence in a box. One that appears because of what somebody did is read out at once. */
export function Notice({ kind = "plain", children }: NoticeProps): VNode {
  return (
    <div
      class={kind === "plain" ? "notice" : `notice notice-${kind}`}
      role={kind === "bad" ? "alert" : undefined}
    >
      {kind !== "plain" && <Icon name="warn" />}
      <div>{children}</div>
    </div>
  );
}

/** The sentence of a problem with its code behind it. */
export function ProblemText({ problem }: { readonly problem: Problem }): VNode {
  const { message, code } = problem;
  return <>{message} {code && <span class="notice-code">{code}</span>}</>;
}
