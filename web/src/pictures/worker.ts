/** A worker with the kernels of pictures: one answer for each message. */

import core from "../core/picture.wasm?inline";
import { ownPhoto, photoWay, type PhotoRequest } from "../core/chip_photo";
import { Denoising, type Mixed, type Passes, type Strip } from "../core/clean";
import { Filling } from "../core/fill";
import { open } from "../core/mho_file";
import { estimateNoise, type Noise } from "../core/noise";
import type { Pixels } from "../core/png";
import { PictureKernels } from "../core/picture_kernels";
import { buffersOf } from "./buffers";

let way: Passes | null = null;

/** Strips to be mixed, or the pixels at the end. */
interface Turn {
  passes: number;
  strips: Strip[];
  pixels: Uint8Array<ArrayBuffer> | null;
}

function begun(passes: Passes, parts: number): Turn {
  way = passes;
  return { passes: way.passes, strips: way.strips(parts), pixels: null };
}

/** What is asked, by name, and what comes back. */
const METHODS = {
  open: (k: PictureKernels, { data, mostPixels }: { data: Uint8Array; mostPixels?: number }) => open(k, data, mostPixels),
  noise: (_: PictureKernels, { pixels, m, n, planes }: Pixels) => estimateNoise(pixels, m, n, planes),
  own: (k: PictureKernels, _: null) => open(k, ownPhoto()),
  photo: (k: PictureKernels, r: PhotoRequest) => photoWay(k, r),
  mix: (k: PictureKernels, strip: Strip) => k.mix(strip),
  /** The first strips of a picture whose noise is to be taken away. */
  denoise: (_: PictureKernels, r: { picture: Pixels; noise: Noise; parts: number }) =>
    begun(new Denoising(r.picture.pixels, r.picture.m, r.picture.n, r.picture.planes, r.noise), r.parts),
  /** The same, of one with lost pixels. */
  fill: (_: PictureKernels, r: { picture: Pixels; mask: Uint8Array; parts: number }) =>
    begun(new Filling(r.picture.pixels, r.picture.m, r.picture.n, r.picture.planes, r.mask), r.parts),
  /** The next strips, or the pixels. */
  next: (_: PictureKernels, r: { mixed: Mixed[]; parts: number }): Turn => {
    if (!way) throw new Error("no picture is on its way");
    if (!way.take(r.mixed)) return begun(way, r.parts);
    const pixels = way.pixels();
    way = null;
    return { passes: 0, strips: [], pixels };
  },
};

export type Methods = typeof METHODS;
export type Method = keyof Methods;

export interface Message {
  id: number;
  method: Method;
  request: unknown;
}

const bytes = Uint8Array.from(atob(core.slice(core.indexOf(",") + 1)), (c) => c.charCodeAt(0));
const kernels = PictureKernels.load(bytes);

addEventListener("message", async ({ data }: MessageEvent<Message>) => {
  const { id, method, request } = data;
  try {
    const begun = performance.now();
    const answer = await METHODS[method](await kernels, request as never);
    const message = { id, answer, took: performance.now() - begun };
    postMessage(message, { transfer: buffersOf(answer) });
  } catch (error) {
    // what the kernels' own memory has no room for ends in a trap
    const said = error instanceof WebAssembly.RuntimeError ? "not enough memory for the page: take a smaller picture" : (error as Error).message;
    postMessage({ id, error: said });
  }
});
