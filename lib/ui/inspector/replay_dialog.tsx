/**
 * Sends a request again with changes, or many times.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useId, useState } from "preact/hooks";
import type { ExchangeDetail, HeaderJson } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { TextField } from "../kit/field.tsx";
import type { Actions } from "./actions.ts";
import {
  draftOf,
  type DraftProblems,
  draftProblems,
  MAX_TIMES,
  replayBodyOf,
  type ReplayDraft,
} from "./replay_draft.ts";

/** What the dialog is about. */
export interface ReplayDialogProps {
  /** What is sent again. */
  readonly exchange: ExchangeDetail;
  /** Sends it. */
  readonly actions: Actions;
  /** Closes the dialog. */
  readonly onClose: () => void;
}

/** A request that can be changed. */
export function ReplayDialog({ exchange, actions, onClose }: ReplayDialogProps): VNode {
  const [draft, setDraft] = useState<ReplayDraft>(() => draftOf(exchange));
  const [problems, setProblems] = useState<DraftProblems>({});
  const [busy, setBusy] = useState(false);
  const bodyId = useId();
  const change = (part: Partial<ReplayDraft>) => {
    setDraft({ ...draft, ...part });
    setProblems({});
  };
  async function send() {
    const found = draftProblems(draft);
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    const done = await actions.replay(replayBodyOf(draft, exchange));
    setBusy(false);
    if (done) onClose();
  }
  const { decoded } = exchange.request.body;
  return (
    <Dialog
      title="Edit and replay"
      onClose={onClose}
      onSubmit={() => void send()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" icon="restart" submit busy={busy}>Send</Button>
        </>
      }
    >
      <div class="replay-form">
        <div class="replay-line">
          <TextField
            label="Method"
            value={draft.method}
            mono
            problem={problems.method}
            onInput={(method) => change({ method })}
          />
          <TextField
            label="Path"
            value={draft.target}
            mono
            autofocus
            problem={problems.target}
            onInput={(target) => change({ target })}
          />
        </div>
        <HeaderLines
          title="Headers"
          singular="header"
          lines={draft.headers}
          problem={problems.headers}
          onInput={(headers) => change({ headers })}
        />
        <HeaderLines
          title="Trailers"
          singular="trailer"
          lines={draft.trailers}
          problem={undefined}
          onInput={(trailers) => change({ trailers })}
        />
        {draft.body === undefined
          ? (
            <p class="soft small">
              The body is {exchange.request_bytes}{" "}
              bytes that are no text: it is sent as it was captured.
            </p>
          )
          : (
            <div class="field">
              <label class="field-label" for={bodyId}>Body</label>
              <textarea
                id={bodyId}
                class="field-input field-mono replay-body"
                value={draft.body}
                rows={Math.min(16, Math.max(4, draft.body.split("\n").length + 1))}
                spellcheck={false}
                aria-describedby={`${bodyId}-hint`}
                onInput={(event) => change({ body: event.currentTarget.value })}
              />
              <span id={`${bodyId}-hint`} class="field-hint">
                {decoded
                  ? `Shown without ${decoded.coding}: if you change it, it is sent without it, too.`
                  : "Its length is counted anew when it is sent."}
              </span>
            </div>
          )}
        <div class="replay-times">
          <TextField
            label="How often"
            value={draft.times}
            problem={problems.times}
            onInput={(times) => change({ times })}
          />
        </div>
      </div>
    </Dialog>
  );
}

interface HeaderLinesProps {
  readonly title: string;
  readonly singular: string;
  readonly lines: readonly HeaderJson[];
  readonly problem: string | undefined;
  readonly onInput: (lines: readonly HeaderJson[]) => void;
}

function HeaderLines({ title, singular, lines, problem, onInput }: HeaderLinesProps): VNode {
  const set = (at: number, line: HeaderJson) =>
    onInput(lines.map((known, index) => index === at ? line : known));
  return (
    <fieldset class="replay-headers">
      <legend class="field-label">{title}</legend>
      {lines.map(([name, value], at) => (
        <div key={at} class="replay-header">
          <input
            class="field-input field-mono"
            aria-label={`Name of ${singular} ${at + 1}`}
            value={name}
            spellcheck={false}
            autocapitalize="none"
            autocomplete="off"
            onInput={(event) => set(at, [event.currentTarget.value, value])}
          />
          <input
            class="field-input field-mono"
            aria-label={`Value of ${singular} ${at + 1}`}
            value={value}
            spellcheck={false}
            autocapitalize="none"
            autocomplete="off"
            onInput={(event) => set(at, [name, event.currentTarget.value])}
          />
          <Button
            kind="quiet"
            icon="close"
            label={`Remove ${singular} ${at + 1}`}
            onClick={() => onInput(lines.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      {problem && <span class="field-problem" role="alert">{problem}</span>}
      <div>
        <Button kind="quiet" icon="add" onClick={() => onInput([...lines, ["", ""]])}>
          Add a {singular}
        </Button>
      </div>
    </fieldset>
  );
}

/** Asks how often. */
export function ReplayManyDialog(
  { actions, onClose }: { readonly actions: Actions; readonly onClose: () => void },
): VNode {
  const [times, setTimes] = useState("10");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  async function send() {
    const count = Number(times);
    if (!Number.isInteger(count) || count < 1 || count > MAX_TIMES) {
      return setProblem(`A number from 1 to ${MAX_TIMES}`);
    }
    setBusy(true);
    const done = await actions.replay({ times: count });
    setBusy(false);
    if (done) onClose();
  }
  return (
    <Dialog
      title="Replay several times"
      onClose={onClose}
      onSubmit={() => void send()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" icon="restart" submit busy={busy}>Send</Button>
        </>
      }
    >
      <TextField
        label="How often"
        value={times}
        autofocus
        problem={problem}
        hint="One after the other, straight to your service: policies of the edge are not run again."
        onInput={(times) => {
          setTimes(times);
          setProblem(undefined);
        }}
      />
    </Dialog>
  );
}
