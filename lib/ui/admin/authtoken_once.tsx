/**
 * A new authtoken, the only time it can be seen.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Button } from "../kit/button.tsx";
import { CopyField } from "../kit/copy_field.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { agentCommand, CA_FILE } from "./commands.ts";
import type { Credential, EdgeStatus } from "./model.ts";

/** What is shown. */
export interface AuthtokenOnceProps {
  /** Where agents go. */
  readonly edge: EdgeStatus;
  /** With its token. */
  readonly credential: Credential;
  /** It has been copied. */
  readonly onClose: () => void;
}

/** The new token. Escape does not close it: it would be lost by a slip. */
export function AuthtokenOnce({ edge, credential, onClose }: AuthtokenOnceProps): VNode {
  const token = credential.token ?? "";
  return (
    <Dialog
      title="Copy it now"
      actions={<Button kind="primary" onClick={onClose}>I have copied it</Button>}
    >
      <p>This is the only time the authtoken is shown. The edge keeps a hash of it, no more.</p>
      <CopyField label="Authtoken" value={token} autofocus />
      <CopyField label="To use it" value={agentCommand(edge, token)} />
      {edge.has_ca && (
        <p class="soft small">
          The agent needs{" "}
          <a href="/_sallyport/ca.pem" download={CA_FILE}>{CA_FILE}</a>, the certificate of the
          edge’s own authority, beside it.
        </p>
      )}
    </Dialog>
  );
}
