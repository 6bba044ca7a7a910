/**
 * Prometheus' text format, version 0.0.4, and the histogram that goes with it. `metrics.ts` fills it
 * in; it knows nothing of an edge.
 *
 * @module
 */

/** The media type of what {@linkcode Exposition.text} gives. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels of a sample, in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/** The kinds of metrics in use. */
export type MetricType = "counter" | "gauge" | "histogram";

/** A page of metrics, written family by family. */
export class Exposition {
  #text = "";
  #name = "";

  /**
   * Begins a family; its samples must follow at once, for a family may not be torn apart.
   *
   * @param name as Prometheus wants it: counters end with `_total`, units are base units
   * @param type what it is
   * @param help a sentence for people
   */
  family(name: string, type: MetricType, help: string): void {
    this.#name = name;
    this.#text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  }

  /**
   * Adds a sample to the family.
   *
   * @param value a number; anything that is none is left out
   * @param labels which one of the family
   */
  sample(value: number | undefined, labels: Labels = {}): void {
    if (value !== undefined) this.#line(this.#name, value, labels);
  }

  /**
   * Adds a histogram to the family.
   *
   * @param histogram what was observed
   * @param labels which one of the family
   */
  histogram(histogram: Histogram, labels: Labels = {}): void {
    let below = 0;
    histogram.bounds.forEach((bound, index) => {
      below += histogram.counts[index];
      this.#line(`${this.#name}_bucket`, below, { ...labels, le: formatNumber(bound) });
    });
    this.#line(`${this.#name}_bucket`, histogram.count, { ...labels, le: "+Inf" });
    this.#line(`${this.#name}_sum`, histogram.sum, labels);
    this.#line(`${this.#name}_count`, histogram.count, labels);
  }

  /** The page. */
  get text(): string {
    return this.#text;
  }

  #line(name: string, value: number, labels: Labels): void {
    const inner = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    const braces = inner.length === 0 ? "" : `{${inner.join(",")}}`;
    this.#text += `${name}${braces} ${formatNumber(value)}\n`;
  }
}

/** Counts observations by their size. */
export class Histogram {
  /** The upper bounds, rising. */
  readonly bounds: readonly number[];
  /** How many fell below each bound and not below the one before; the last is for the rest. */
  readonly counts: number[];
  /** All observations together. */
  sum = 0;
  /** How many there were. */
  count = 0;

  /**
   * Makes an empty one.
   *
   * @param bounds the upper bounds, rising
   */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Counts one. */
  observe(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > this.bounds[index]) index++;
    this.counts[index]++;
    this.sum += value;
    this.count++;
  }
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/** A help text may hold anything but a line end. */
function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
