/** Noise taken away by groups of like patches, as `mho.image.cleanup.groups` does, in strips that workers share. */

import data from "../data/clean.json";
import { meansOf, restored, rint, stabilised, type Noise } from "./noise";

const { step: STEP, radius: RADIUS, finest: FINEST, most: MOST, opponent: OPPONENT, denoising: DENOISING } = data.groups;
const SIDE = 8;

export interface Stage {
  members: number;
  ridges: readonly number[];
}

/** Rows of a picture, and those of its groups that are to be mixed. */
export interface Strip {
  channels: number;
  rows: number;
  columns: number;
  /** The picture's row that is the strip's first. */
  top: number;
  begin: number;
  end: number;
  stage: Stage;
  first: boolean;
  /** (channels, rows, columns); in the first pass the same. */
  noisy: Float32Array<ArrayBuffer>;
  estimate: Float32Array<ArrayBuffer>;
  levels: Int16Array<ArrayBuffer>;
}

export interface Mixed {
  top: number;
  rows: number;
  /** (channels, rows, columns) and (rows, columns). */
  sums: Float32Array<ArrayBuffer>;
  counts: Float32Array<ArrayBuffer>;
}

export const GROUPS = { step: STEP, radius: RADIUS };

/** Planes (channels, m, n). */
export interface Planes {
  channels: number;
  m: number;
  n: number;
  at: Float32Array<ArrayBuffer>;
}

/** In the colours of a rotation, (channels, m, n), of values (m, n, channels). */
export function turned(channels: number, m: number, n: number, value: (e: number) => number): Planes {
  const at = new Float32Array(channels * m * n);
  const area = m * n;
  if (channels === 1) for (let e = 0; e < area; e++) at[e] = value(e);
  else
    for (let e = 0; e < area; e++) {
      const [r, g, b] = [value(3 * e), value(3 * e + 1), value(3 * e + 2)];
      for (let c = 0; c < 3; c++) at[c * area + e] = OPPONENT[c]![0]! * r + OPPONENT[c]![1]! * g + OPPONENT[c]![2]! * b;
    }
  return { channels, m, n, at };
}

/** By which patches are compared, of pixel e of (m, n, channels). */
export function brightness(pixels: Uint8Array, e: number, channels: number): number {
  if (channels === 1) return pixels[e]!;
  return OPPONENT[0]![0]! * pixels[3 * e]! + OPPONENT[0]![1]! * pixels[3 * e + 1]! + OPPONENT[0]![2]! * pixels[3 * e + 2]!;
}

/** What channel c was at pixel e before it was turned. */
export function back({ channels, m, n, at }: Planes, e: number, c: number): number {
  if (channels === 1) return at[e]!;
  const area = m * n;
  return OPPONENT[0]![c]! * at[e]! + OPPONENT[1]![c]! * at[area + e]! + OPPONENT[2]![c]! * at[2 * area + e]!;
}

/** Brightness from low to high. */
export type Range = readonly [low: number, high: number];

export function rangeOf({ m, n, at }: Planes): Range {
  let [low, high] = [Infinity, -Infinity];
  for (let e = 0; e < m * n; e++) {
    if (at[e]! < low) low = at[e]!;
    if (at[e]! > high) high = at[e]!;
  }
  return [low, high];
}

/** By which patches are compared, (m, n). */
function levelsOf({ m, n, at }: Planes, [low, high]: Range): Int16Array<ArrayBuffer> {
  const scale = Math.fround(Math.min(FINEST, MOST / Math.max(high - low, 1e-6)));
  const levels = new Int16Array(m * n);
  for (let e = 0; e < m * n; e++) levels[e] = rint(Math.fround(Math.fround(at[e]! - low) * scale));
  return levels;
}

/** A picture's groups in at least `parts` strips, where it has as many rows of them. */
export function cut(noisy: Planes, estimate: Planes, stage: Stage, first: boolean, parts: number, range = rangeOf(estimate)): Strip[] {
  const { channels, m, n } = noisy;
  const levels = levelsOf(estimate, range);
  const down = Math.ceil((m - SIDE) / STEP) + 1;
  const each = Math.ceil(down / parts);
  const rowsOf = (of: Planes, top: number, rows: number) => {
    const out = new Float32Array(channels * rows * n);
    for (let c = 0; c < channels; c++) out.set(of.at.subarray((c * m + top) * n, (c * m + top + rows) * n), c * rows * n);
    return out;
  };
  return Array.from({ length: Math.ceil(down / each) }, (_, i) => {
    const [begin, end] = [i * each, Math.min(down, (i + 1) * each)];
    const highest = Math.min(begin * STEP, m - SIDE);
    const top = Math.max(0, Math.floor((highest - RADIUS) / STEP)) * STEP;
    const bottom = end === down ? m : (end - 1) * STEP + RADIUS + SIDE;
    const rows = Math.min(m, bottom) - top;
    const own = rowsOf(noisy, top, rows);
    return {
      channels, rows, columns: n, top, begin: begin - top / STEP, end: end - top / STEP, stage, first,
      noisy: own, estimate: noisy === estimate ? own : rowsOf(estimate, top, rows), levels: levels.slice(top * n, (top + rows) * n),
    };
  });
}

/** Means of the overlapping mixtures. */
export function joined({ channels, m, n }: Planes, parts: readonly Mixed[]): Planes {
  const at = new Float32Array(channels * m * n);
  const counts = new Float32Array(m * n);
  const add = (to: Float32Array, from: Float32Array, begin: number) => {
    for (let e = 0; e < from.length; e++) to[begin + e]! += from[e]!;
  };
  for (const part of parts) {
    const size = part.rows * n;
    for (let c = 0; c < channels; c++) add(at, part.sums.subarray(c * size, (c + 1) * size), (c * m + part.top) * n);
    add(counts, part.counts, part.top * n);
  }
  for (let c = 0; c < channels; c++) for (let e = 0; e < m * n; e++) at[c * m * n + e]! /= counts[e]!;
  return { channels, m, n, at };
}

/** A picture on its way: strips to be mixed, pass by pass, until it is done. */
export interface Passes {
  readonly passes: number;
  strips(parts: number): Strip[];
  /** Take what has been mixed; true after the last pass. */
  take(parts: readonly Mixed[]): boolean;
  /** (m, n, channels). */
  pixels(): Uint8Array<ArrayBuffer>;
}

export function checkSize(m: number, n: number): void {
  if (Math.min(m, n) < SIDE) throw new Error(`a picture must be at least ${SIDE} x ${SIDE} pixels, this one has ${n} x ${m}`);
}

/** Places between black and white whose grey level is known: some hundreds for each level. */
const PLACES = 1 << 16;

export class Denoising implements Passes {
  readonly passes = DENOISING.length;
  private readonly noisy: Planes;
  private estimate: Planes;
  private pass = 0;

  constructor(pixels: Uint8Array, m: number, n: number, channels: number, private readonly noise: Noise) {
    checkSize(m, n);
    const stable = Float32Array.from({ length: 256 }, (_, level) => stabilised(noise, level));
    this.noisy = this.estimate = turned(channels, m, n, (e) => stable[pixels[e]!]!);
  }

  strips(parts: number): Strip[] {
    return cut(this.noisy, this.estimate, DENOISING[this.pass]!, this.pass === 0, parts);
  }

  take(parts: readonly Mixed[]): boolean {
    this.estimate = joined(this.noisy, parts);
    return ++this.pass === DENOISING.length;
  }

  pixels(): Uint8Array<ArrayBuffer> {
    const { channels, m, n } = this.noisy;
    const out = new Uint8Array(m * n * channels);
    const table = meansOf(this.noise);
    const [low, high] = [table[0]!, table[table.length - 1]!];
    const scale = PLACES / (high - low || 1);
    const level = Uint8Array.from({ length: PLACES + 1 }, (_, i) => rint(restored(table, low + i / scale)));
    for (let e = 0; e < m * n; e++)
      for (let c = 0; c < channels; c++) {
        const place = (back(this.estimate, e, c) - low) * scale;
        out[e * channels + c] = level[place < 0 ? 0 : place > PLACES ? PLACES : (place + 0.5) | 0]!;
      }
    return out;
  }
}
