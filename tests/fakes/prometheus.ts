/**
 * A strict reader of Prometheus' text format: whatever the format does not allow throws.
 *
 * @module
 */

/** One sample, by its name and labels as written: `name{a="b"}`. */
export type Samples = ReadonlyMap<string, number>;

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/;

interface Family {
  readonly name: string;
  readonly type: string;
}

/** Reads a page; throws a sentence with the line that is wrong. */
export function readPrometheus(text: string): Samples {
  const fail = (why: string, line: string) => new Error(`${why}: ${JSON.stringify(line)}`);
  if (!text.endsWith("\n")) throw fail("the last line does not end", text.slice(-80));
  const samples = new Map<string, number>();
  const seen = new Set<string>();
  let helped: string | undefined;
  let family: Family | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment;
      if (kind === "HELP") {
        if (seen.has(name)) throw fail("a family appears twice", line);
        seen.add(name);
        helped = name;
        family = undefined;
        continue;
      }
      if (helped !== name) throw fail("TYPE without its HELP", line);
      if (!["counter", "gauge", "histogram"].includes(rest)) throw fail("unknown type", line);
      if ((rest === "counter") !== name.endsWith("_total")) throw fail("badly named", line);
      family = { name, type: rest };
      continue;
    }
    const parts = SAMPLE.exec(line);
    if (!parts || !family) throw fail("no sample, or outside of a family", line);
    const [, name, , labels = "", number] = parts;
    const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!suffixes.some((suffix) => name === family!.name + suffix)) {
      throw fail("a sample of another family", line);
    }
    let rest = labels;
    const names = new Set<string>();
    while (rest !== "") {
      const label = LABEL.exec(rest);
      if (!label || names.has(label[1])) throw fail("bad labels", line);
      names.add(label[1]);
      rest = rest.slice(label[0].length);
    }
    const value = number === "+Inf" ? Infinity : Number(number);
    if (Number.isNaN(value)) throw fail("no number", line);
    const key = `${name}${parts[2] ?? ""}`;
    if (samples.has(key)) throw fail("a sample twice", line);
    samples.set(key, value);
  }
  checkBuckets(samples);
  return samples;
}

/** Buckets never fall, and the last one counts everything. */
function checkBuckets(samples: Samples): void {
  let last = 0;
  for (const [key, value] of samples) {
    if (!key.includes("_bucket{")) {
      last = 0;
      continue;
    }
    if (value < last) throw new Error(`a bucket falls: ${key}`);
    last = value;
    if (!key.includes('le="+Inf"')) continue;
    const bare = key.replace(/,?le="\+Inf"/, "").replace("{}", "").replace("_bucket", "_count");
    if (samples.get(bare) !== value) throw new Error(`${bare} is not the sum of its buckets`);
    last = 0;
  }
}
