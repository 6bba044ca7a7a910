/**
 * A table whose rows keep their identity: a refresh changes the cells that changed and nothing else.
 * On a narrow screen each row becomes a sheet of its own (kit.css).
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";

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
}

/** A table. The roles are said again, for narrow screens take the display of a table away. */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>): VNode {
  return (
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
          {columns.map(({ label, labelHidden, numeric }) => (
            <th key={label} role="columnheader" scope="col" class={numeric ? "end" : undefined}>
              {labelHidden ? <span class="visually-hidden">{label}</span> : label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
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
  );
}
