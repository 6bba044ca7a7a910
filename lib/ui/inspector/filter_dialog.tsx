/**
 * Makes a filter by choosing, for those who do not want to type one.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
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

const WORDS: Readonly<Record<Operator, string>> = {
  "==": "is",
  "!=": "is not",
  ">=": "at least",
  "<=": "at most",
  ">": "more than",
  "<": "less than",
  "match": "matches",
  "!match": "does not match",
};

const EXAMPLES: Readonly<Record<FilterField, string>> = {
  path: "^/api/",
  header: "application/json",
  status: "4xx",
  size: "10kb",
  duration: "250ms",
  method: "POST",
  endpoint: "web",
};

/** Names that are asked for most. */
const HEADERS = ["content-type", "user-agent", "authorization", "cookie", "origin", "referer"];

/** The dialog. */
export function FilterDialog(
  { state, onClose }: { readonly state: InspectorState; readonly onClose: () => void },
): VNode {
  const [field, setField] = useState<FilterField>("path");
  const [operator, setOperator] = useState<Operator>("match");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [problem, setProblem] = useState<string>();
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
          options={operatorsOf(field).map((operator) => [operator, WORDS[operator]] as const)}
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
            <ul class="suggestions" aria-label="Names that are asked for most">
              {HEADERS.map((header) => (
                <li key={header}>
                  <button type="button" class="suggestion" onClick={() => setName(header)}>
                    {header}
                  </button>
                </li>
              ))}
            </ul>
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
      </div>
    </Dialog>
  );
}
