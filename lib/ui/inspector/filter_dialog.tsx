/**
 * Makes a filter by choosing, for those who do not want to type one.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { SelectField, TextField } from "../kit/field.tsx";
import {
  checkFilter,
  type Filter,
  FILTER_FIELDS,
  type FilterField,
  type Operator,
  operatorsOf,
} from "./filters.ts";
import type { InspectorState } from "./inspector_state.ts";
import { headerNames, OPERATOR_WORDS, values } from "./suggest.ts";

const EXAMPLES: Readonly<Record<FilterField, string>> = {
  path: "^/api/",
  header: "application/json",
  status: "4xx",
  size: "10kb",
  duration: "250ms",
  method: "POST",
  endpoint: "web",
};

/** The dialog. */
export function FilterDialog(
  { state, onClose }: { readonly state: InspectorState; readonly onClose: () => void },
): VNode {
  const [field, setField] = useState<FilterField>("path");
  const [operator, setOperator] = useState<Operator>("match");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [problem, setProblem] = useState<string>();
  const seen = { exchanges: state.all.value, headers: state.headerWords.value };
  useEffect(() => void state.loadHeaderWords(), []);
  function add() {
    const filter: Filter = {
      field,
      ...(field === "header" && { name: name.trim() }),
      operator,
      value: value.trim(),
    };
    try {
      state.setFilters([...state.filters.value, checkFilter(filter)]);
      onClose();
    } catch (thrown) {
      setProblem((thrown as Error).message);
    }
  }
  return (
    <Dialog
      title="Add a filter"
      onClose={onClose}
      onSubmit={add}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" submit>Add</Button>
        </>
      }
    >
      <div class="filter-form">
        <SelectField
          label="What"
          value={field}
          options={FILTER_FIELDS}
          onInput={(value) => {
            setField(value as FilterField);
            setOperator(operatorsOf(value as FilterField)[0]);
          }}
        />
        <SelectField
          label="How"
          value={operator}
          options={operatorsOf(field).map((operator) =>
            [operator, OPERATOR_WORDS[operator]] as const
          )}
          onInput={(value) => setOperator(value as Operator)}
        />
        {field === "header" && (
          <>
            <TextField
              label="Name of the header"
              value={name}
              mono
              placeholder="content-type"
              onInput={setName}
            />
            <Offered
              label="Headers that passed"
              items={headerNames(name, seen).map(({ name, hint }) => ({ value: name, hint }))
                .filter(({ value }) => value !== name)}
              onTake={setName}
            />
          </>
        )}
        <TextField
          label="Value"
          value={value}
          mono
          autofocus
          placeholder={EXAMPLES[field]}
          problem={problem}
          hint={operator.endsWith("match") ? "A regular expression" : undefined}
          onInput={(value) => {
            setValue(value);
            setProblem(undefined);
          }}
        />
        <Offered
          label="Seen before"
          items={values(field, name.trim().toLowerCase(), operator, value.trim(), seen)}
          onTake={(value) => {
            setValue(value);
            setProblem(undefined);
          }}
        />
      </div>
    </Dialog>
  );
}

interface OfferedProps {
  readonly label: string;
  readonly items: readonly { readonly value: string; readonly hint: string }[];
  readonly onTake: (value: string) => void;
}

/** What can be taken instead of typed. */
function Offered({ label, items, onTake }: OfferedProps): VNode | null {
  if (items.length === 0) return null;
  return (
    <ul class="suggestions" aria-label={label}>
      {items.map(({ value, hint }) => (
        <li key={value}>
          <button type="button" class="suggestion" onClick={() => onTake(value)}>
            <span class="suggestion-words">{value}</span>
            {hint && <span class="suggestion-hint">{hint}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
