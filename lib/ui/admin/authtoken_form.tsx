/**
 * The form of an authtoken: what it is for, and what it may open.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { RadioField, SelectField, TextField } from "../kit/field.tsx";
import {
  allowsEverything,
  draftOf,
  RULE_KINDS,
  type RuleDraft,
  type RuleKind,
  ruleOf,
} from "./acl_rules.ts";
import { Action } from "./action.ts";
import type { EdgeState } from "./edge_state.ts";
import type { Credential } from "./model.ts";

/** What the form is given. */
export interface AuthtokenFormProps {
  /** The edge. */
  readonly edge: EdgeState;
  /** The one to change; `undefined` makes a new one. */
  readonly credential: Credential | undefined;
  /** Nothing was changed. */
  readonly onClose: () => void;
  /** The edge has it; a new one comes with its token. */
  readonly onSaved: (credential: Credential) => void;
}

const KIND_OPTIONS = RULE_KINDS.map(({ kind, words }) => [kind, words] as const);

/** The form. */
export function AuthtokenForm({ edge, credential, onClose, onSaved }: AuthtokenFormProps): VNode {
  const action = useMemo(() => new Action(), []);
  const nextId = useRef(1);
  const everything = allowsEverything(credential?.acl);
  const [description, setDescription] = useState(credential?.description ?? "");
  const [scope, setScope] = useState(everything ? "everything" : "rules");
  const [drafts, setDrafts] = useState<readonly RuleDraft[]>(() =>
    everything ? [blank()] : credential!.acl!.map((rule) => draftOf(rule, nextId.current++))
  );
  const [asked, setAsked] = useState(false);
  const results = drafts.map(ruleOf);

  function blank(): RuleDraft {
    return { id: nextId.current++, kind: "name", text: "" };
  }
  function change(id: number, changes: Partial<RuleDraft>) {
    setDrafts(drafts.map((draft) => draft.id === id ? { ...draft, ...changes } : draft));
  }
  async function save() {
    setAsked(true);
    if (scope === "rules" && results.some(({ problem }) => problem)) return;
    const acl = scope === "rules" ? results.map(({ rule }) => rule!) : [];
    const body = { description: description.trim(), acl };
    let saved: Credential | undefined;
    const done = await action.run(async () => {
      saved = credential
        ? await edge.client.patch<Credential>(`/credentials/${credential.id}`, body)
        : await edge.client.post<Credential>("/credentials", body);
    });
    if (!done) return;
    onSaved(saved!);
    // What was saved is saved: a list that cannot be read now is read later.
    edge.loadCredentials().catch(() => {});
  }

  return (
    <Dialog
      title={credential ? "Edit authtoken" : "New authtoken"}
      onClose={onClose}
      onSubmit={save}
      problem={action.failure.value}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" submit busy={action.busy.value}>
            {credential ? "Save" : "Create"}
          </Button>
        </>
      }
    >
      <TextField
        label="What is it for?"
        value={description}
        placeholder="Build server"
        maxLength={255}
        autofocus
        onInput={setDescription}
      />
      <RadioField
        label="It may open"
        value={scope}
        options={[["everything", "Everything this account may"], [
          "rules",
          "Only what is listed here",
        ]]}
        onInput={setScope}
      />
      {scope === "rules" && (
        <fieldset class="rule-list">
          <legend class="visually-hidden">What it may open</legend>
          {drafts.map((draft, index) => (
            <div class="rule-row" key={draft.id}>
              <SelectField
                label={`Kind of rule ${index + 1}`}
                labelHidden
                value={draft.kind}
                options={KIND_OPTIONS}
                onInput={(kind) => change(draft.id, { kind: kind as RuleKind })}
              />
              <TextField
                label={`Rule ${index + 1}`}
                labelHidden
                mono
                value={draft.text}
                placeholder={RULE_KINDS.find(({ kind }) => kind === draft.kind)!.example}
                problem={asked ? results[index].problem : undefined}
                onInput={(text) => change(draft.id, { text })}
              />
              <Button
                kind="quiet"
                icon="close"
                label={`Remove rule ${index + 1}`}
                disabled={drafts.length === 1}
                onClick={() => setDrafts(drafts.filter(({ id }) => id !== draft.id))}
              />
            </div>
          ))}
          <Button icon="add" onClick={() => setDrafts([...drafts, blank()])}>Add a rule</Button>
        </fieldset>
      )}
    </Dialog>
  );
}
