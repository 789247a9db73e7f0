/** Lost pixels filled in, as `mho.image.cleanup.groups.filled` does: a smooth guess, then groups of like patches, pass by pass. */

import data from "../data/clean.json";
import { back, brightness, checkSize, cut, joined, rangeOf, turned, type Mixed, type Passes, type Planes, type Range, type Strip } from "./clean";
import { rint } from "./noise";

const { errors: ERRORS, filling: FILLING, further: FURTHER, scales: SCALES, enough: ENOUGH, relaxations: RELAXATIONS, momentum: MOMENTUM } = data.groups;

/** Pixels around what is lost that can matter to it; a multiple of the groups' step and of the coarsest squares' side. */
const AROUND = 120;
const GRID = 24;

interface Box {
  top: number;
  left: number;
  m: number;
  n: number;
}

/** Where pixels are lost, and what is around. */
export function boxOf(mask: Uint8Array, m: number, n: number): Box {
  let [top, bottom, left, right] = [m, -1, n, -1];
  for (let y = 0; y < m; y++)
    for (let x = 0; x < n; x++)
      if (mask[y * n + x]) {
        [top, bottom] = [Math.min(top, y), y];
        [left, right] = [Math.min(left, x), Math.max(right, x)];
      }
  if (bottom < 0) throw new Error("no pixel is marked as lost: paint over what is to be filled in");
  const begin = (first: number) => Math.max(0, Math.floor((first - AROUND) / GRID) * GRID);
  const [y, x] = [begin(top), begin(left)];
  return { top: y, left: x, m: Math.min(m, bottom + AROUND) - y, n: Math.min(n, right + AROUND) - x };
}

/** The nearest known pixel of each, by what its neighbours know, there and back. */
export function nearestKnown(mask: Uint8Array, m: number, n: number): Int32Array {
  const nearest = Int32Array.from(mask, (lost, e) => (lost ? -1 : e));
  const far = (e: number, from: number) => (Math.floor(from / n) - Math.floor(e / n)) ** 2 + ((from % n) - (e % n)) ** 2;
  const ask = (e: number, y: number, x: number) => {
    if (y < 0 || y >= m || x < 0 || x >= n) return;
    const from = nearest[y * n + x]!;
    if (from >= 0 && (nearest[e]! < 0 || far(e, from) < far(e, nearest[e]!))) nearest[e] = from;
  };
  const row = (y: number, dy: number) => {
    for (let x = 0; x < n; x++) for (const dx of [-1, 0, 1]) if (mask[y * n + x]) ask(y * n + x, y + dy, x + dx);
    for (let x = 1; x < n; x++) if (mask[y * n + x]) ask(y * n + x, y, x - 1);
    for (let x = n - 2; x >= 0; x--) if (mask[y * n + x]) ask(y * n + x, y, x + 1);
  };
  for (let y = 0; y < m; y++) row(y, -1);
  for (let y = m - 1; y >= 0; y--) row(y, 1);
  return nearest;
}

/** A Gaussian filter along both sides, mirrored at the edges, three standard deviations long. */
export function gaussian(plane: Float64Array, m: number, n: number, sigma: number): Float64Array {
  const reach = Math.floor(3 * sigma + 0.5);
  const weights = Array.from({ length: reach + 1 }, (_, i) => Math.exp((-0.5 * i * i) / (sigma * sigma)));
  const total = weights.reduce((a, b) => a + 2 * b);
  const along = (from: Float64Array, count: number, length: number, step: number, next: number) => {
    const out = new Float64Array(from.length);
    const mirrored = (i: number) => {
      const at = ((i % (2 * length)) + 2 * length) % (2 * length);
      return at < length ? at : 2 * length - 1 - at;
    };
    for (let c = 0; c < count; c++)
      for (let i = 0; i < length; i++) {
        let sum = weights[0]! * from[c * next + i * step]!;
        const inside = i >= reach && i + reach < length;
        for (let k = 1; k <= reach; k++) {
          const [a, b] = inside ? [i - k, i + k] : [mirrored(i - k), mirrored(i + k)];
          sum += weights[k]! * (from[c * next + a * step]! + from[c * next + b * step]!);
        }
        out[c * next + i * step] = sum / total;
      }
    return out;
  };
  return along(along(plane, n, m, n, 1), m, n, 1, n);
}

/** Gaussian means of what is known, and their share; of a coarse scale by squares of pixels, a quarter of it wide. */
function means(values: Float64Array, mask: Uint8Array, m: number, n: number, scale: number): { mean: Float64Array; share: Float64Array } {
  const side = Math.max(1, Math.floor(scale / 4));
  const [rows, columns] = [Math.ceil(m / side), Math.ceil(n / side)];
  const [sums, shares] = [new Float64Array(rows * columns), new Float64Array(rows * columns)];
  for (let y = 0; y < m; y++)
    for (let x = 0; x < n; x++)
      if (!mask[y * n + x]) {
        const square = Math.floor(y / side) * columns + Math.floor(x / side);
        sums[square]! += values[y * n + x]!;
        shares[square]! += 1;
      }
  const total = gaussian(sums, rows, columns, scale / side);
  const share = gaussian(shares, rows, columns, scale / side).map((v) => v / side ** 2);
  return { mean: total.map((v, e) => v / side ** 2 / Math.max(share[e]!, 1e-6)), share };
}

/** Means of known pixels near by, coarse to fine, then some steps towards a harmonic function between them. */
export function smooth(values: Float64Array, mask: Uint8Array, m: number, n: number): Float64Array {
  const nearest = nearestKnown(mask, m, n);
  let estimate = values.map((_, e) => values[nearest[e]!]!);
  for (const scale of SCALES) {
    const side = Math.max(1, Math.floor(scale / 4));
    const { mean, share } = means(values, mask, m, n, scale);
    const columns = Math.ceil(n / side);
    for (let y = 0; y < m; y++)
      for (let x = 0; x < n; x++) {
        const square = Math.floor(y / side) * columns + Math.floor(x / side);
        if (mask[y * n + x] && share[square]! > ENOUGH) estimate[y * n + x] = mean[square]!;
      }
  }
  const lost = Int32Array.from(mask.keys()).filter((e) => mask[e]);
  const change = new Float64Array(lost.length);
  for (let step = 0; step < RELAXATIONS; step++) {
    const next = Float64Array.from(lost, (e, i) => {
      const [y, x] = [Math.floor(e / n), e % n];
      const at = (i: number, j: number) => estimate[Math.min(Math.max(i, 0), m - 1) * n + Math.min(Math.max(j, 0), n - 1)]!;
      const mean = (at(y - 1, x) + at(y + 1, x) + at(y, x - 1) + at(y, x + 1)) / 4;
      return estimate[e]! + (change[i] = MOMENTUM * change[i]! + mean - estimate[e]!);
    });
    lost.forEach((e, i) => (estimate[e] = next[i]!));
  }
  return estimate;
}

/** A part of a picture around what is lost, on its way. */
export class Filling implements Passes {
  readonly passes = ERRORS.length;
  private readonly box: Box;
  private readonly mask: Uint8Array;
  private readonly known: Range;
  private estimate: Planes;
  private pass = 0;

  constructor(private readonly whole: Uint8Array, whole_m: number, private readonly n: number, private readonly channels: number, mask: Uint8Array) {
    checkSize(whole_m, n);
    if (mask.every(Boolean)) throw new Error("all pixels are marked as lost: leave some to fill in from");
    this.box = boxOf(mask, whole_m, n);
    const box = this.box;
    const place = (e: number) => (box.top + Math.floor(e / box.n)) * n + box.left + (e % box.n);
    this.mask = Uint8Array.from({ length: box.m * box.n }, (_, e) => mask[place(e)]!);
    const smoothed = Array.from({ length: channels }, (_, c) =>
      smooth(Float64Array.from({ length: box.m * box.n }, (_, e) => whole[place(e) * channels + c]!), this.mask, box.m, box.n),
    );
    this.known = knownRange(whole, mask, channels);
    this.estimate = turned(channels, box.m, box.n, (e) => smoothed[e % channels]![Math.floor(e / channels)]!);
  }

  strips(parts: number): Strip[] {
    const error = ERRORS[this.pass]!;
    const scaled = { ...this.estimate, at: this.estimate.at.map((v) => v / error) };
    const own = rangeOf(scaled);
    const range = [Math.min(own[0], this.known[0] / error), Math.max(own[1], this.known[1] / error)] as const;
    return cut(scaled, scaled, FILLING, false, parts, range);
  }

  take(parts: readonly Mixed[]): boolean {
    const error = ERRORS[this.pass]!;
    const mixed = joined(this.estimate, parts);
    const area = this.box.m * this.box.n;
    this.estimate.at.forEach((v, e) => {
      if (this.mask[e % area]) this.estimate.at[e] = v + FURTHER * (error * mixed.at[e]! - v);
    });
    return ++this.pass === ERRORS.length;
  }

  pixels(): Uint8Array<ArrayBuffer> {
    const out = this.whole.slice() as Uint8Array<ArrayBuffer>;
    const { top, left, n } = this.box;
    this.mask.forEach((lost, e) => {
      if (!lost) return;
      const at = ((top + Math.floor(e / n)) * this.n + left + (e % n)) * this.channels;
      for (let c = 0; c < this.channels; c++) out[at + c] = rint(Math.min(Math.max(back(this.estimate, e, c), 0), 255));
    });
    return out;
  }
}

/** Brightness of what is known of the whole picture. */
function knownRange(pixels: Uint8Array, mask: Uint8Array, channels: number): Range {
  let [low, high] = [Infinity, -Infinity];
  for (let e = 0; e < mask.length; e++) {
    if (mask[e]) continue;
    const level = brightness(pixels, e, channels);
    if (level < low) low = level;
    if (level > high) high = level;
  }
  return [low, high];
}
