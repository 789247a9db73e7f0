/** Pixels as a PNG file, every one as it is: a canvas would change colours beside what is transparent. */

import { crc32 } from "./crc";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export interface Pixels {
  m: number;
  n: number;
  planes: 1 | 3;
  /** (m, n, planes), rows from the top. */
  pixels: Uint8Array<ArrayBuffer>;
  /** (m, n), or null where all is opaque. */
  alpha: Uint8Array<ArrayBuffer> | null;
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set([...name].map((c) => c.charCodeAt(0)), 4);
  out.set(data, 8);
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)));
  return out;
}

async function deflated(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Pixels and alpha side by side, (m, n, channels). */
export function interleaved({ m, n, planes, pixels, alpha }: Pixels): { samples: Uint8Array<ArrayBuffer>; channels: number } {
  if (!alpha) return { samples: pixels, channels: planes };
  const channels = planes + 1;
  const samples = new Uint8Array(m * n * channels);
  for (let e = 0; e < m * n; e++) {
    for (let c = 0; c < planes; c++) samples[e * channels + c] = pixels[e * planes + c]!;
    samples[e * channels + planes] = alpha[e]!;
  }
  return { samples, channels };
}

/** Each row less what Paeth's rule makes of those left and above. */
function filtered(samples: Uint8Array, m: number, row: number, channels: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(m * (row + 1));
  for (let y = 0, to = 0; y < m; y++) {
    out[to++] = 4;
    for (let x = 0; x < row; x++) {
      const at = y * row + x;
      const a = x < channels ? 0 : samples[at - channels]!;
      const b = y ? samples[at - row]! : 0;
      const c = x < channels || !y ? 0 : samples[at - row - channels]!;
      const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
      out[to++] = samples[at]! - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
    }
  }
  return out;
}

export async function pngOf(picture: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  const { m, n } = picture;
  const { samples, channels } = interleaved(picture);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, n);
  view.setUint32(4, m);
  header.set([8, [0, 0, 4, 2, 6][channels]!], 8);
  const data = await deflated(filtered(samples, m, n * channels, channels));
  const parts = [Uint8Array.from(SIGNATURE), chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array(0))];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Red, green, blue and alpha of every pixel, as a canvas takes them. */
export function rgbaOf({ m, n, planes, pixels, alpha }: Pixels): ImageData {
  const image = new ImageData(n, m);
  for (let e = 0; e < m * n; e++) {
    for (let c = 0; c < 3; c++) image.data[4 * e + c] = pixels[planes === 1 ? e : 3 * e + c]!;
    image.data[4 * e + 3] = alpha ? alpha[e]! : 255;
  }
  return image;
}
