/**
 * Dialogs. The browser's own element brings the focus trap, Escape and the way back of the focus.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "./button.tsx";
import { Notice, ProblemText } from "./notice.tsx";
import type { Problem } from "./problem.ts";

/** What a dialog is. */
export interface DialogProps {
  /** What it is about. */
  readonly title: string;
  /** What the person decided not to do; absent when there is no way back but through `actions`. */
  readonly onClose?: (() => void) | undefined;
  /** The form is sent: Enter in a field, or a button that submits. */
  readonly onSubmit?: () => void;
  /** Buttons, the main one last. */
  readonly actions: ComponentChildren;
  /** What went wrong the last time. */
  readonly problem?: Problem | undefined;
  /** What it says. */
  readonly children: ComponentChildren;
}

/** A modal dialog; it is open as long as it is rendered. */
export function Dialog(props: DialogProps): VNode {
  const { title, onClose, onSubmit, actions, problem, children } = props;
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => {
      // Before it leaves the page: only then does the focus go back to where it came from.
      dialog.close();
      // Unless that place is gone: what was removed had the button that asked.
      const { activeElement } = document;
      if (activeElement === document.body || dialog.contains(activeElement)) {
        document.querySelector<HTMLElement>("[data-focus-home]")?.focus();
      }
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <form
        class="dialog-body"
        method="dialog"
        noValidate
        onSubmit={(event) => {
          // Never sent anywhere: the policy of the page forbids it (form-action 'none').
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <h2 id={titleId}>{title}</h2>
        {children}
        {problem && (
          <Notice kind="bad">
            <ProblemText problem={problem} />
          </Notice>
        )}
        <div class="dialog-actions">{actions}</div>
      </form>
    </dialog>
  );
}

/** What a question is. */
export interface ConfirmProps {
  /** What is asked. */
  readonly title: string;
  /** What would happen. */
  readonly children: ComponentChildren;
  /** The verb on the button that does it. */
  readonly action: string;
  /** Whether it can be taken back. @default {true} */
  readonly danger?: boolean;
  /** It is being done. */
  readonly busy: boolean;
  /** What went wrong the last time. */
  readonly problem?: Problem | undefined;
  /** Does it. */
  readonly onConfirm: () => void;
  /** Leaves everything as it is. */
  readonly onCancel: () => void;
}

/** Asks before something is done that cannot be taken back. The focus is on the way out. */
export function Confirm(props: ConfirmProps): VNode {
  const { title, children, action, danger = true, busy, problem, onConfirm, onCancel } = props;
  return (
    <Dialog
      title={title}
      onClose={onCancel}
      problem={problem}
      actions={
        <>
          <Button onClick={onCancel} autofocus>Cancel</Button>
          <Button kind={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
