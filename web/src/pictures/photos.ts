/** Photos that are dropped on the page, read by the browser and sent nowhere. */

import type { Pixels } from "../core/png";

const MOST_BYTES = 64 * 2 ** 20;

/** Grey where all is grey, alpha where something can be seen through. */
export function pixelsOf({ width: n, height: m, data }: { width: number; height: number; data: Uint8ClampedArray }): Pixels {
  let [grey, opaque] = [true, true];
  for (let at = 0; at < data.length; at += 4) {
    grey &&= data[at] === data[at + 1] && data[at] === data[at + 2];
    opaque &&= data[at + 3] === 255;
  }
  const planes = grey ? 1 : 3;
  const pixels = new Uint8Array(m * n * planes);
  for (let e = 0; e < m * n; e++) for (let c = 0; c < planes; c++) pixels[e * planes + c] = data[4 * e + c]!;
  return { m, n, planes, pixels, alpha: opaque ? null : Uint8Array.from({ length: m * n }, (_, e) => data[4 * e + 3]!) };
}

/** Pixels of a picture that the browser can read, turned upright; `scaled` has its longer side at most so long. */
export async function readPhoto(file: File, mostPixels: number, scaled = Infinity): Promise<Pixels> {
  if (file.size > MOST_BYTES) throw new Error(`must be at most ${MOST_BYTES / 2 ** 20} MB, has ${(file.size / 2 ** 20).toFixed(0)} MB`);
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode().catch(() => {
      throw new Error("is no picture that this browser can read");
    });
    const [n, m] = [image.naturalWidth, image.naturalHeight];
    if (!m || !n) throw new Error("has no size of its own");
    if (m * n > mostPixels)
      throw new Error(`must be at most ${mostPixels / 1e6} megapixels, has ${((m * n) / 1e6).toFixed(1)}; make it smaller, or use mho image`);
    const scale = Math.min(1, scaled / Math.max(m, n));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.max(1, Math.round(n * scale)), Math.max(1, Math.round(m * scale))];
    const g = canvas.getContext("2d", { willReadFrequently: true })!;
    g.drawImage(image, 0, 0, canvas.width, canvas.height);
    return pixelsOf(g.getImageData(0, 0, canvas.width, canvas.height));
  } finally {
    URL.revokeObjectURL(address);
  }
}
