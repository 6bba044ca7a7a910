/**
 * What kind of thing a file is, by its name, and by its first bytes where the name does not tell.
 * `file_server.ts` asks for each file it sends.
 *
 * @module
 */

/** Types by the end of the name. Those that are text are UTF-8, as nearly all of it is. */
const TYPES: Readonly<Record<string, string>> = {
  "7z": "application/x-7z-compressed",
  aac: "audio/aac",
  apng: "image/apng",
  avif: "image/avif",
  bin: "application/octet-stream",
  bmp: "image/bmp",
  bz2: "application/x-bzip2",
  css: "text/css",
  csv: "text/csv",
  dmg: "application/x-apple-diskimage",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  eot: "application/vnd.ms-fontobject",
  epub: "application/epub+zip",
  exe: "application/octet-stream",
  flac: "audio/flac",
  gif: "image/gif",
  glb: "model/gltf-binary",
  gltf: "model/gltf+json",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  ico: "image/x-icon",
  ics: "text/calendar",
  jar: "application/java-archive",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  jsonld: "application/ld+json",
  jxl: "image/jxl",
  m3u8: "application/vnd.apple.mpegurl",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  map: "application/json",
  md: "text/markdown",
  mid: "audio/midi",
  mjs: "text/javascript",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  mpd: "application/dash+xml",
  mpeg: "video/mpeg",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  ogv: "video/ogg",
  opus: "audio/ogg",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  ppt: "application/vnd.ms-powerpoint",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  rtf: "application/rtf",
  sh: "text/x-shellscript",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  tif: "image/tiff",
  tiff: "image/tiff",
  toml: "application/toml",
  ttf: "font/ttf",
  txt: "text/plain",
  vtt: "text/vtt",
  wasm: "application/wasm",
  wav: "audio/wav",
  weba: "audio/webm",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xhtml: "application/xhtml+xml",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  xz: "application/x-xz",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
  zst: "application/zstd",
};

/** Types that are text although they do not begin with `text/`. */
const TEXTS = /^(?:text\/|image\/svg|application\/(?:xml|xhtml|manifest|yaml|toml)\b)/;

/** How much of a file is looked at. */
export const SNIFF_BYTES = 512;

/**
 * The `Content-Type` of a file by its name.
 *
 * @returns `undefined` when only the bytes can tell
 */
export function typeOfName(name: string): string | undefined {
  const dot = name.lastIndexOf(".");
  const end = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  const type = Object.hasOwn(TYPES, end) ? TYPES[end] : undefined;
  return type && TEXTS.test(type) ? `${type}; charset=utf-8` : type;
}

/**
 * The `Content-Type` of a file whose name says nothing, a `README` or `LICENSE`: plain text when it
 * begins like text. It never becomes HTML: what is not called so is not run as a page.
 *
 * @param start its first {@linkcode SNIFF_BYTES} bytes
 */
export function typeOfBytes(start: Uint8Array): string {
  const isText = !start.some((byte) => byte < 0x20 && !isLayout(byte));
  if (!isText) return isVideo(start) ? "video/mp2t" : "application/octet-stream";
  try {
    // The last character may be cut in two.
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return "text/plain; charset=utf-8";
  } catch {
    return "application/octet-stream";
  }
}

/** Tab, line ends, form feed, and the escape of coloured logs. */
function isLayout(byte: number): boolean {
  return (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b;
}

/** Packets of an MPEG stream: its files are called `.ts`, as programs are that are text. */
function isVideo(start: Uint8Array): boolean {
  return start[0] === 0x47 && start[188] === 0x47 && start[376] === 0x47;
}
