/**
 * A table whose rows keep their identity: a refresh changes the cells that changed and nothing else.
 * Rows can be looked for and put in the order of a column. On a narrow screen each row becomes a sheet
 * of its own (kit.css).
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { formatCount } from "./format.ts";
import { Icon } from "./icons.tsx";
import { FIND_FROM, findRows, nextSorting, type Sorting, sortRows } from "./table_rows.ts";

/** A column. */
export interface Column<Row> {
  /** What its cells are. */
  readonly label: string;
  /** Whether its name is for screen readers alone: the column of buttons. */
  readonly labelHidden?: boolean;
  /** A CSS width; the columns without one share what is left. */
  readonly width?: string;
  /** Numbers stand at the end. */
  readonly numeric?: boolean;
  /** What the rows can be put in the order of; left out where there is no order. */
  readonly order?: (row: Row) => number | string;
  /** What stands in a row. */
  readonly cell: (row: Row) => ComponentChildren;
}

/** What a table is. */
export interface TableProps<Row> {
  /** What it lists, for screen readers. */
  readonly caption: string;
  /** From start to end. */
  readonly columns: readonly Column<Row>[];
  /** From top to bottom. */
  readonly rows: readonly Row[];
  /** What a row is the row of. */
  readonly rowKey: (row: Row) => string;
  /** What a row is found by. */
  readonly words: (row: Row) => readonly (string | null | undefined)[];
}

/** A table. The roles are said again, for narrow screens take the display of a table away. */
export function Table<Row>({ caption, columns, rows, rowKey, words }: TableProps<Row>): VNode {
  const [text, setText] = useState("");
  const [sorting, setSorting] = useState<Sorting>();
  const found = findRows(rows, text, words);
  const order = columns.find(({ label }) => label === sorting?.label)?.order;
  const shown = sorting && order ? sortRows(found, order, sorting.isDown) : found;
  return (
    <>
      {(rows.length >= FIND_FROM || text !== "") && (
        <Find
          label={`Find in: ${caption}`}
          text={text}
          onInput={setText}
          count={text === ""
            ? undefined
            : `${formatCount(found.length)} of ${formatCount(rows.length)}`}
        />
      )}
      <table class="table" role="table">
        <caption class="visually-hidden">{caption}</caption>
        <colgroup>
          {columns.map(({ label, width }) => (
            <col
              key={label}
              style={width ? { width } : undefined}
            />
          ))}
        </colgroup>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <Head
                key={column.label}
                column={column}
                sorting={sorting}
                onSort={setSorting}
              />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map(({ label, labelHidden, numeric, cell }) => (
                <td
                  key={label}
                  role="cell"
                  data-label={label}
                  class={numeric ? "end" : labelHidden ? "actions" : undefined}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length === 0 && <p class="table-none">Nothing matches.</p>}
    </>
  );
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: (sorting: Sorting | undefined) => void;
}

function Head<Row>({ column, sorting, onSort }: HeadProps<Row>): VNode {
  const { label, labelHidden, numeric = false, order } = column;
  const isSorted = sorting?.label === label;
  return (
    <th
      role="columnheader"
      scope="col"
      class={numeric ? "end" : undefined}
      aria-sort={isSorted ? sorting.isDown ? "descending" : "ascending" : undefined}
    >
      {labelHidden ? <span class="visually-hidden">{label}</span> : order
        ? (
          <button
            type="button"
            class="table-sort"
            onClick={() => onSort(nextSorting(sorting, label, numeric))}
          >
            {label}
          </button>
        )
        : label}
    </th>
  );
}

interface FindProps {
  readonly label: string;
  readonly text: string;
  readonly onInput: (text: string) => void;
  readonly count: string | undefined;
}

function Find({ label, text, onInput, count }: FindProps): VNode {
  return (
    <div class="find" role="search">
      <Icon name="search" />
      <input
        class="field-input"
        type="search"
        placeholder="Find"
        aria-label={label}
        value={text}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        data-find
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <span class="find-count" role="status">{count}</span>
    </div>
  );
}
