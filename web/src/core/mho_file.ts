/** A `.mho` file of version 1 or 2, taken for hostile, to its pixels: the layout is told in `mho/image/codec/container.py`. */

import { crc32 } from "./crc";
import type { Pixels } from "./png";
import { ATOMS, universal, type Coded, type Dictionary, type PictureKernels } from "./picture_kernels";

export const MOST_PIXELS = 1 << 25;
/** Of a canvas. */
const MOST_ALONG = 65535;

const ALPHA = 3;
const DICTIONARY = 4;
const SECTIONS: { [kind: number]: string } = {
  1: "ICC profile", 2: "Exif", 3: "alpha", 4: "a dictionary of its own", 5: "XMP", 6: "resolution", 7: "text", 8: "colour tags",
};

export interface Header extends Coded {
  lossless: boolean;
  sections: Map<number, Uint8Array>;
  payload: Uint8Array;
}

export interface Opened extends Pixels {
  header: Header;
}

const damaged = (what: string) => new Error(`a damaged .mho picture: ${what}`);

/** What the file holds beside its pixels, by name. */
export function sectionNames(header: Header): string[] {
  return [...header.sections.keys()].map((kind) => SECTIONS[kind] ?? `a section of kind ${kind}`);
}

/** Bytes read in order; beyond the end there are none. */
class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  private from(size: number): number {
    const at = this.at;
    if (at + size > this.data.length) throw damaged("it ends too early");
    this.at += size;
    return at;
  }

  u8 = () => this.view.getUint8(this.from(1));
  u16 = () => this.view.getUint16(this.from(2), true);
  u32 = () => this.view.getUint32(this.from(4), true);
  skip = (size: number) => void this.from(size);
  take(size: number): Uint8Array {
    const at = this.from(size);
    return this.data.subarray(at, at + size);
  }
  rest = () => this.take(this.data.length - this.at);
}

export function unpack(data: Uint8Array): Header {
  if (![0x8b, 0x4d, 0x48, 0x4f].every((byte, i) => data[i] === byte)) throw new Error("not a .mho picture");
  const version = data[4] ?? 0;
  if (version !== 1 && version !== 2)
    throw new Error(`a .mho picture of version ${version || "?"}; this page reads versions 1 and 2: a newer mho may read it`);
  const end = data.length - 4;
  if (end < 26 || new DataView(data.buffer, data.byteOffset + end, 4).getUint32(0, true) !== crc32(data.subarray(0, end)))
    throw damaged("its checksum is wrong, or it is cut");
  const r = new Reader(data.subarray(0, end));
  r.skip(5);
  const [n, m] = [r.u32(), r.u32()];
  const fixed = version === 1 ? first(r) : second(r);
  const sections = new Map<number, Uint8Array>();
  for (let left = r.u8(); left > 0; left--) {
    const kind = r.u8();
    sections.set(kind, r.take(r.u32()));
  }
  const length = r.u32();
  const payload = r.rest();
  if (!fixed.legal || Math.min(m, n, ...fixed.steps) < 1 || payload.length !== length) throw damaged("its header makes no sense");
  return { version, m, n, sections, payload, ...fixed };
}

type Fixed = Pick<Header, "planes" | "halved" | "strong" | "steps" | "inUse" | "lossless"> & { legal: boolean };

function first(r: Reader): Fixed {
  const steps = [r.u16(), r.u16()] as const;
  const planes = r.u8();
  const inUse = [r.u8(), r.u8(), r.u8()].slice(0, planes);
  const legal = (planes === 1 || planes === 3) && inUse.every((atoms) => atoms >= 1 && atoms <= ATOMS);
  return { planes: planes === 1 ? 1 : 3, halved: true, strong: false, steps, inUse, lossless: false, legal };
}

function second(r: Reader): Fixed {
  const [coding, colour] = [r.u8(), r.u8()];
  const steps = [r.u16(), r.u16()] as const;
  const legal = coding <= 2 && colour >= 1 && colour <= 3;
  const how = { halved: colour === 2, strong: coding === 2, lossless: coding === 1 };
  return { planes: colour === 1 ? 1 : 3, ...how, steps, inUse: [], legal };
}

/** The `size` bytes of a deflated stream, and no more of them, however far it would grow. */
export async function inflate(data: Uint8Array, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(size);
  const reader = new Blob([data as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let at = 0;
  try {
    while (at < size) {
      const { done, value } = await reader.read();
      if (done) break;
      out.set(value.subarray(0, size - at), at);
      at += Math.min(value.length, size - at);
    }
  } catch {
    throw damaged("a section cannot be inflated");
  } finally {
    void reader.cancel().catch(() => undefined);
  }
  if (at !== size) throw damaged("a section is too short");
  return out;
}

function summed(levels: Uint8Array<ArrayBuffer>, m: number, row: number, channels: number, left: boolean, above: boolean): void {
  if (left) for (let y = 0; y < m; y++) for (let x = channels; x < row; x++) levels[y * row + x]! += levels[y * row + x - channels]!;
  if (above) for (let e = row; e < m * row; e++) levels[e]! += levels[e - row]!;
}

/** Pixels without loss, (m, n, channels), of a payload or an alpha channel. */
async function pixelsOf(k: PictureKernels, data: Uint8Array, m: number, n: number, channels: number): Promise<Uint8Array<ArrayBuffer>> {
  const none = damaged("no pixels have these bits");
  const kind = data[0] ?? 255;
  if (kind === 0) {
    const pixels = k.decodePixels(data.subarray(1), m, n, channels, 8, false);
    if (!pixels) throw none;
    return pixels;
  }
  if (kind >= 2 && kind <= 5) {
    const levels = await inflate(data.subarray(1), m * n * channels);
    summed(levels, m, n * channels, channels, kind === 3 || kind === 5, kind === 4 || kind === 5);
    return levels;
  }
  if (kind !== 1 || data.length < 3) throw damaged("its pixels are of no kind that there is");
  const count = data[1]! + 1;
  const { value, at } = numberAt(data, 2);
  const colours = k.decodePixels(data.subarray(at, at + value), 1, count, channels, 8, false);
  const indices = k.decodePixels(data.subarray(at + value), m, n, 1, Math.max(1, 32 - Math.clz32(count - 1)), true);
  if (!colours || !indices) throw none;
  const pixels = new Uint8Array(m * n * channels);
  indices.forEach((index, e) => {
    if (index >= count) throw damaged("a colour that its palette has not");
    for (let c = 0; c < channels; c++) pixels[e * channels + c] = colours[index * channels + c]!;
  });
  return pixels;
}

/** A whole number of 7 bits a byte, the lowest first. */
function numberAt(data: Uint8Array, at: number): { value: number; at: number } {
  let value = 0;
  for (let scale = 1; at < data.length && scale <= 2 ** 28; scale *= 128) {
    const byte = data[at++]!;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, at };
  }
  throw damaged("it has no palette");
}

async function alphaOf(k: PictureKernels, data: Uint8Array, h: Header): Promise<Uint8Array<ArrayBuffer>> {
  if (h.version > 1) return pixelsOf(k, data, h.m, h.n, 1);
  const alpha = await inflate(data, h.m * h.n);
  summed(alpha, h.m, h.n, 1, true, false);
  return alpha;
}

async function dictionaryOf(data: Uint8Array): Promise<Dictionary> {
  const content = await inflate(data, ATOMS * ATOMS + 2 * ATOMS);
  const scale = new DataView(content.buffer, ATOMS * ATOMS);
  return {
    levels: Float64Array.from(new Int8Array(content.buffer, 0, ATOMS * ATOMS)),
    scale: Float64Array.from({ length: ATOMS }, (_, j) => scale.getUint16(2 * j, true)),
  };
}

/** The picture of a file, the same one as in Python. Larger pictures are refused before memory is taken for them. */
export async function open(k: PictureKernels, data: Uint8Array, mostPixels = MOST_PIXELS): Promise<Opened> {
  const header = unpack(data);
  const { m, n } = header;
  if (m * n > mostPixels || Math.max(m, n) > MOST_ALONG)
    throw new Error(
      `a picture of ${m} x ${n} pixels; this page shows at most ${mostPixels / 1e6} megapixels and ${MOST_ALONG} along a side: use mho image decompress`,
    );
  const alpha = header.sections.get(ALPHA);
  const pixels = await decoded(k, header);
  return { header, m, n, planes: header.planes, pixels, alpha: alpha ? await alphaOf(k, alpha, header) : null };
}

async function decoded(k: PictureKernels, h: Header): Promise<Uint8Array<ArrayBuffer>> {
  if (h.lossless) return pixelsOf(k, h.payload, h.m, h.n, h.planes);
  const own = h.sections.get(DICTIONARY);
  const pixels = k.decode(h, h.payload, own?.length ? await dictionaryOf(own) : universal(h.version));
  if (!pixels) throw damaged("no code has these bits");
  return pixels;
}
