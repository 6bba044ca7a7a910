/**
 * The keys, in a dialog.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { keyName, SHORTCUT_GROUPS, TREE_KEYS } from "./shortcuts.ts";

/** The keys. */
export function Help({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Dialog
      title="Keys"
      onClose={onClose}
      actions={<Button kind="primary" autofocus onClick={onClose}>Close</Button>}
    >
      <div class="keys">
        {SHORTCUT_GROUPS.map(([title, shortcuts]) => (
          <Keys
            key={title}
            title={title}
            rows={shortcuts.map(([keys, , words]) => [keys, words])}
          />
        ))}
        <Keys title="In JSON and XML" rows={TREE_KEYS} />
      </div>
    </Dialog>
  );
}

function Keys(
  { title, rows }: {
    readonly title: string;
    readonly rows: readonly (readonly [keys: readonly string[], words: string])[];
  },
): VNode {
  const id = useId();
  return (
    <section class="keys-group" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <dl>
        {rows.map(([keys, words]) => (
          <div key={words} class="keys-row">
            <dt>
              {keys.map((key) => <kbd key={key}>{keyName(key)}</kbd>)}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
