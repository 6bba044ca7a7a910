/**
 * The tables of HPACK: the static one (RFC 7541 appendix A), and the one that grows with a connection
 * (section 2.3.2). Used by decoder and encoder.
 *
 * @module
 */
import type { FieldList } from "../http2_request.ts";

const STATUSES = ["200", "204", "206", "304", "400", "404", "500"];
const NAMES = "accept-charset,accept-encoding=gzip; deflate,accept-language,accept-ranges,accept," +
  "access-control-allow-origin,age,allow,authorization,cache-control,content-disposition," +
  "content-encoding,content-language,content-length,content-location,content-range,content-type," +
  "cookie,date,etag,expect,expires,from,host,if-match,if-modified-since,if-none-match,if-range," +
  "if-unmodified-since,last-modified,link,location,max-forwards,proxy-authenticate," +
  "proxy-authorization,range,referer,refresh,retry-after,server,set-cookie," +
  "strict-transport-security,transfer-encoding,user-agent,vary,via,www-authenticate";

/** The static table; index 1 is its first. */
export const STATIC_TABLE: FieldList = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  ...STATUSES.map((status) => [":status", status] as const),
  ...NAMES.split(",").map((entry) => {
    const [name, value = ""] = entry.split("=");
    // The one value with a comma.
    return [name, value.replace(";", ",")] as const;
  }),
];

/** What a field takes in a table beside its characters (RFC 7541 section 4.1). */
export const FIELD_OVERHEAD = 32;

/** The fields that one side said before, latest first. */
export class DynamicTable {
  /** In the order they came; those before `#first` are gone. */
  #entries: (readonly [string, string])[] = [];
  #first = 0;
  #bytes = 0;
  #maxBytes: number;

  /**
   * Holds nothing yet.
   *
   * @param maxBytes what it may hold
   */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many fields there are. */
  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** What it may hold. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** How many were ever added: with it, a field that was added keeps one number. */
  get added(): number {
    return this.#dropped + this.#entries.length;
  }

  #dropped = 0;

  /** The field at this place: 0 is the latest. */
  at(index: number): readonly [string, string] | undefined {
    return index >= this.length ? undefined : this.#entries[this.#entries.length - 1 - index];
  }

  /** Changes what it may hold. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrink(maxBytes);
  }

  /** Adds a field; one that is larger than the table empties it (section 4.4). */
  add(name: string, value: string): void {
    const bytes = name.length + value.length + FIELD_OVERHEAD;
    this.#shrink(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    this.#entries.push([name, value]);
    this.#bytes += bytes;
  }

  #shrink(toBytes: number): void {
    while (this.#bytes > toBytes && this.length > 0) {
      const [name, value] = this.#entries[this.#first];
      this.#entries[this.#first++] = NOTHING;
      this.#bytes -= name.length + value.length + FIELD_OVERHEAD;
    }
    if (this.#first < 64) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#dropped += this.#first;
    this.#first = 0;
  }
}

const NOTHING = ["", ""] as const;
