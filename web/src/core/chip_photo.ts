/** A photo's way through a chip that holds the dictionary's inverse, to a `.mho` file and back: `mho.image.ChipDictionary`. */

import data from "../data/photo.json";
import type { Changes } from "../backend/protocol";
import { crc32 } from "./crc";
import { estimated, type CostPart, type Ledger, type Technology } from "./cost";
import { designOf, type Presets } from "./design";
import { identity, solve, zeros, type Matrix } from "./linear";
import { unpack } from "./mho_file";
import { rint } from "./noise";
import { ATOMS, universal, type PictureKernels } from "./picture_kernels";
import { SignedProduct, type Converters, type Settling } from "./signed_product";

const PATCH = 8;
const SIXTEENTHS = 16;

export interface PhotoRequest {
  /** Of the chip. */
  preset: string;
  /** Grey levels by rows; sides are multiples of 8. */
  m: number;
  n: number;
  pixels: Uint8Array;
  changes: Changes & Partial<Converters>;
  seed: number;
  quality: number;
  /** The patch that is watched. */
  patch: number;
}

/** What comes of codes. */
export interface Written {
  file: Uint8Array<ArrayBuffer>;
  pixels: Uint8Array<ArrayBuffer>;
  psnr: number;
  /** Bits a pixel. */
  bits: number;
}

export interface PhotoAnswer {
  chip: Written;
  /** The same by the CPU. */
  digital: Written;
  parts: CostPart[];
  /** Root of the mean squared error of the codes, grey levels. */
  error: number;
  settling: Settling;
  patches: number;
}

/** The photograph that comes with mho, as a file. */
export function ownPhoto(): Uint8Array {
  return Uint8Array.from(atob(data.file), (c) => c.charCodeAt(0));
}

/** The step of a quality, in sixteenths of a grey level. */
export function stepOf(quality: number): number {
  return rint((SIXTEENTHS / data.finer) * data.coarsest ** Math.sqrt(1 - quality / 100));
}

/** Atoms by columns, (64 pixels, 64 atoms), and what turns a patch into codes. */
function dictionary(): { inverse: Matrix; flat: number } {
  const { levels, scale } = universal(2);
  const atoms = Float64Array.from(levels, (v, e) => (v * scale[e % ATOMS]!) / 65536);
  const inverse = solve(atoms, identity(ATOMS), ATOMS, ATOMS);
  return { inverse, flat: inverse.subarray(0, ATOMS).reduce((a, b) => a + b) };
}

/** Patches around zero, (64, patches). */
function patchesOf({ m, n, pixels }: PhotoRequest): { at: Matrix; count: number } {
  const [rows, columns] = [m / PATCH, n / PATCH];
  const count = rows * columns;
  const at = zeros(ATOMS, count);
  for (let e = 0; e < m * n; e++) {
    const [y, x] = [Math.floor(e / n), e % n];
    const inside = (y % PATCH) * PATCH + (x % PATCH);
    at[inside * count + Math.floor(y / PATCH) * columns + Math.floor(x / PATCH)] = pixels[e]! - 128;
  }
  return { at, count };
}

/** Each patch's mean, and what is left of it. */
function split({ at, count }: { at: Matrix; count: number }): { mean: Float64Array; rest: Matrix } {
  const mean = Float64Array.from({ length: count }, (_, p) => {
    let sum = 0;
    for (let e = 0; e < ATOMS; e++) sum += at[e * count + p]!;
    return sum / ATOMS;
  });
  return { mean, rest: at.map((v, e) => v - mean[e % count]!) };
}

function exactProduct(inverse: Matrix, at: Matrix, count: number): Matrix {
  const out = zeros(ATOMS, count);
  for (let i = 0; i < ATOMS; i++)
    for (let e = 0; e < ATOMS; e++) {
      const a = inverse[i * ATOMS + e]!;
      for (let p = 0; p < count; p++) out[i * count + p]! += a * at[e * count + p]!;
    }
  return out;
}

export function photoWay(k: PictureKernels, r: PhotoRequest): PhotoAnswer {
  if (r.m % PATCH || r.n % PATCH || !r.m || !r.n) throw new Error(`sides must be multiples of ${PATCH}, got ${r.n} x ${r.m}`);
  const presets = data.presets as unknown as Presets;
  const { dac_bits, adc_bits, adc_ranges } = { ...presets[r.preset]!, ...r.changes } as Converters;
  const design = { ...designOf(presets, r.preset, r.changes), dac_bits, adc_bits, adc_ranges };
  const { inverse, flat } = dictionary();
  const patches = patchesOf(r);
  const { count } = patches;
  const { mean, rest } = split(patches);
  const array = new SignedProduct(k, inverse.slice(ATOMS), ATOMS - 1, ATOMS, design, r.seed);
  const ledger: Ledger = { load_joules: 0, load_coulombs: 0, word_lines: 0, pulses: 0, row_pulses: 0, rows: ATOMS, columns: ATOMS - 1, peak_amperes: 0 };
  const codes = zeros(ATOMS, count);
  codes.set(mean.map((v) => flat * v));
  codes.set(array.multiply(rest, count, ledger), count);
  const exact = exactProduct(inverse, patches.at, count);
  const error = Math.sqrt(codes.reduce((s, v, e) => s + (v - exact[e]!) ** 2, 0) / codes.length);
  const watched = Float64Array.from({ length: ATOMS }, (_, e) => rest[e * count + Math.min(r.patch, count - 1)]!);
  return {
    chip: written(k, r, codes),
    digital: written(k, r, exact),
    parts: estimated(ledger, data.technology as unknown as Technology),
    error,
    settling: array.settling(watched),
    patches: count,
  };
}

/** Codes to the bytes of a file, and those to pixels. */
function written(k: PictureKernels, { m, n, pixels, quality }: PhotoRequest, codes: Matrix): Written {
  const steps = [stepOf(quality), Math.max(1, rint(stepOf(quality) * data.chroma))] as const;
  const [rows, columns] = [m / PATCH, n / PATCH];
  const scaled = Float32Array.from(codes, (v) => Math.fround(v) * Math.fround(SIXTEENTHS / steps[0]));
  const inUse = [atomsInUse(scaled, rows * columns)];
  const tile = k.encodeTile([{ rows, columns, codes: scaled }], inUse, data.lambda);
  const file = packed(m, n, steps, [...inUse, ...numberOf(tile.words)], tile.bytes);
  const header = unpack(file);
  const found = k.decode(header, header.payload, universal(2));
  if (!found) throw new Error("the file that was written cannot be read");
  const square = found.reduce((s, v, e) => s + (v - pixels[e]!) ** 2, 0) / found.length;
  return { file, pixels: found, psnr: 10 * Math.log10(255 ** 2 / square), bits: (8 * file.length) / (m * n) };
}

function atomsInUse(scaled: Float32Array, count: number): number {
  let used = 1;
  scaled.forEach((v, e) => {
    if (Math.abs(v) >= data.smallest) used = Math.floor(e / count) + 1;
  });
  return used;
}

function numberOf(value: number): number[] {
  return value > 127 ? [(value & 127) | 128, ...numberOf(value >> 7)] : [value];
}

/** A grey file of version 2 with one tile. */
function packed(m: number, n: number, steps: readonly [number, number], front: readonly number[], codes: Uint8Array): Uint8Array<ArrayBuffer> {
  const inside = front.length + codes.length;
  const length = numberOf(inside);
  const out = new Uint8Array(20 + 4 + length.length + inside + 4);
  const view = new DataView(out.buffer);
  out.set([0x8b, 0x4d, 0x48, 0x4f, 2]);
  view.setUint32(5, n, true);
  view.setUint32(9, m, true);
  out.set([steps[0] >= data.coarse ? 2 : 0, 1], 13);
  view.setUint16(15, steps[0], true);
  view.setUint16(17, steps[1], true);
  view.setUint32(20, length.length + inside, true);
  out.set([...length, ...front], 24);
  out.set(codes, 24 + length.length + front.length);
  view.setUint32(out.length - 4, crc32(out.subarray(0, out.length - 4)), true);
  return out;
}
