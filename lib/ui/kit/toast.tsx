/**
 * Shows the news of {@linkcode Toasts} in a corner, and has screen readers say them.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Button } from "./button.tsx";
import { ProblemText } from "./notice.tsx";
import type { Toasts } from "./toasts.ts";

/** The corner of the news; one on a page, always there, so that what is added to it is read out. */
export function ToastCorner({ toasts }: { readonly toasts: Toasts }): VNode {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.list.value.map(({ id, bad, problem }) => (
        <div key={id} class={bad ? "toast toast-bad" : "toast"}>
          <div class="toast-text">
            <ProblemText problem={problem} />
          </div>
          <Button
            kind="quiet"
            icon="close"
            label="Dismiss"
            onClick={() =>
              toasts.dismiss(id)}
          />
        </div>
      ))}
    </div>
  );
}
