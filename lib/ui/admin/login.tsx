/**
 * The way in: an API key, kept in memory alone.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import { Code } from "../kit/code.tsx";
import { TextField } from "../kit/field.tsx";
import { Mark } from "../kit/mark.tsx";
import { Notice, ProblemText } from "../kit/notice.tsx";
import { Action } from "./action.ts";
import type { AppState } from "./app_state.ts";

/** The way in. */
export function Login({ app }: { readonly app: AppState }): VNode {
  const [key, setKey] = useState("");
  const [asked, setAsked] = useState(false);
  const action = useMemo(() => new Action(), []);
  const failure = action.failure.value;
  const missing = asked && key.trim() === "";
  async function signIn() {
    setAsked(true);
    if (key.trim() !== "") await action.run(() => app.signIn(key.trim()));
  }
  return (
    <main class="login">
      <form
        class="login-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        <div class="login-brand">
          <Mark size={44} />
          <h1>Sallyport</h1>
          <p class="soft">The edge at {location.host}</p>
        </div>
        {app.farewell.value && <Notice kind="warn">{app.farewell.value}</Notice>}
        {!isSecureContext && (
          <Notice kind="warn">
            This page came over plain HTTP. Whoever is on the way between you and the edge can read
            the key you type here: use the https address.
          </Notice>
        )}
        <TextField
          label="API key"
          value={key}
          secret
          mono
          autofocus
          problem={missing ? "Type or paste an API key" : undefined}
          hint={
            <>
              The first start of the edge printed one; <Code>sallyport edge key create</Code>{" "}
              on its machine makes another.
            </>
          }
          onInput={setKey}
        />
        {failure && (
          <Notice kind="bad">
            <ProblemText problem={failure} />
          </Notice>
        )}
        <Button kind="primary" submit busy={action.busy.value}>Sign in</Button>
        <p class="soft small">
          The key stays in the memory of this page. Reloading or closing the page forgets it.
        </p>
      </form>
    </main>
  );
}
