/**
 * The keys, in a dialog.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { keyName, SHORTCUTS } from "./shortcuts.ts";

/** The keys. */
export function Help({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Dialog
      title="Keys"
      onClose={onClose}
      actions={<Button kind="primary" autofocus onClick={onClose}>Close</Button>}
    >
      <dl class="keys">
        {SHORTCUTS.map(([keys, command, words]) => (
          <div key={command} class="keys-row">
            <dt>
              {keys.map((key) => <kbd key={key}>{keyName(key)}</kbd>)}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
