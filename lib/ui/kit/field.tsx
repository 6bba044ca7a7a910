/**
 * What a form is made of: a label, a place to write or choose, a hint, and what is wrong with it.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";

/** What all fields have. */
export interface FieldProps {
  /** What is asked for. */
  readonly label: string;
  /** Whether the label is for screen readers alone. */
  readonly labelHidden?: boolean;
  /** What else is to know. */
  readonly hint?: ComponentChildren;
  /** What is wrong with it, in a sentence. */
  readonly problem?: string | undefined;
  /** What stands in it. */
  readonly value: string;
  /** Hears each change. */
  readonly onInput: (value: string) => void;
}

/** What a text field has besides. */
export interface TextFieldProps extends FieldProps {
  /** An example, shown while it is empty. */
  readonly placeholder?: string;
  /** Hides what is typed. */
  readonly secret?: boolean;
  /** Whether machines read it. */
  readonly mono?: boolean;
  /** How many characters at most. */
  readonly maxLength?: number;
  /** Whether the focus is set here when it appears. */
  readonly autofocus?: boolean;
}

/** A line of text. */
export function TextField(props: TextFieldProps): VNode {
  const id = useId();
  const { label, labelHidden, hint, problem, value, onInput, mono, secret } = props;
  return (
    <div class="field">
      <label class={labelHidden ? "visually-hidden" : "field-label"} for={id}>{label}</label>
      <input
        id={id}
        class={mono ? "field-input field-mono" : "field-input"}
        type={(secret ? "password" : "text") as "text"}
        value={value}
        placeholder={props.placeholder}
        maxLength={props.maxLength}
        autofocus={props.autofocus}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={problem ? "true" : undefined}
        aria-describedby={describedBy(id, hint, problem)}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <Words id={id} hint={hint} problem={problem} />
    </div>
  );
}

/** What a choice has besides. */
export interface SelectFieldProps extends FieldProps {
  /** Value and words of each. */
  readonly options: readonly (readonly [value: string, words: string])[];
}

/** One of several. */
export function SelectField(props: SelectFieldProps): VNode {
  const id = useId();
  const { label, labelHidden, hint, problem, value, onInput, options } = props;
  return (
    <div class="field">
      <label class={labelHidden ? "visually-hidden" : "field-label"} for={id}>{label}</label>
      <select
        id={id}
        class="field-input"
        value={value}
        aria-describedby={describedBy(id, hint, problem)}
        onChange={(event) => onInput(event.currentTarget.value)}
      >
        {options.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
      </select>
      <Words id={id} hint={hint} problem={problem} />
    </div>
  );
}

/** What a set of radio buttons is. */
export interface RadioFieldProps extends Pick<FieldProps, "label" | "value" | "onInput"> {
  /** Value and words of each. */
  readonly options: readonly (readonly [value: string, words: string])[];
}

/** One of two or three, all in sight. */
export function RadioField({ label, value, onInput, options }: RadioFieldProps): VNode {
  const name = useId();
  return (
    <fieldset class="field">
      <legend class="field-label">{label}</legend>
      {options.map(([option, words]) => (
        <label key={option} class="choice">
          <input
            type="radio"
            name={name}
            checked={option === value}
            onChange={() => onInput(option)}
          />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Words(
  { id, hint, problem }: { id: string; hint: ComponentChildren; problem: string | undefined },
): VNode | null {
  if (problem) return <span id={`${id}-problem`} class="field-problem">{problem}</span>;
  return hint ? <span id={`${id}-hint`} class="field-hint">{hint}</span> : null;
}

function describedBy(id: string, hint: unknown, problem: unknown): string | undefined {
  if (problem) return `${id}-problem`;
  return hint ? `${id}-hint` : undefined;
}
