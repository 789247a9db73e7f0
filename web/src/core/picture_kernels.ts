/** The compiled kernels of pictures: arrays in, arrays out, as `mho.kernels.pictures` has them. */

import data from "../data/codec.json";
import { GROUPS, type Mixed, type Strip } from "./clean";
import { instantiated, lending, type MemoryExports, type Pointer } from "./memory";

interface Exports extends MemoryExports {
  draw(generator: Pointer, normal: number, count: number, out: Pointer): void;
  decode(
    version: number, payload: Pointer, bytes: number, models: Pointer, levels: Pointer, scale: Pointer, m: number, n: number,
    planes: number, halved: number, strong: number, steps: Pointer, inUse: Pointer, out: Pointer,
  ): number;
  decode_pixels(data: Pointer, bytes: number, m: number, n: number, channels: number, bits: number, palette: number, out: Pointer): number;
  encode_tile(
    exact: Pointer, planes: number, rows: Pointer, columns: Pointer, inUse: Pointer, models: Pointer, lambda: number, words: Pointer,
  ): number;
  written(): Pointer;
  mix_alike(
    noisy: Pointer, estimate: Pointer, levels: Pointer, channels: number, rows: number, columns: number, step: number, radius: number,
    members: number, ridge: number, otherRidge: number, first: number, begin: number, end: number, sums: Pointer, counts: Pointer,
  ): void;
}

export interface Dictionary {
  /** Pixels by atoms, (64, 64). */
  levels: Float64Array;
  /** What a level of each atom is worth, in 2^-16. */
  scale: Float64Array;
}

/** Patches of a plane, exact codes (64, rows, columns) in steps. */
export interface ExactCodes {
  rows: number;
  columns: number;
  codes: Float32Array;
}

export interface Coded {
  version: number;
  m: number;
  n: number;
  planes: 1 | 3;
  halved: boolean;
  /** Edges between patches are smoothed more. */
  strong: boolean;
  steps: readonly [number, number];
  /** Atoms in use of a file of version 1. */
  inUse: readonly number[];
}

export const ATOMS = 64;

const bytesOf = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** The dictionary of files of a version that do not bring their own. */
export function universal(version: number): Dictionary {
  const levels = Float64Array.from(new Int8Array(bytesOf(data.levels).buffer));
  return { levels, scale: Float64Array.from(data.scales[version - 1]!) };
}

const models = (version: number) => bytesOf(version === 1 ? data.models[1] : data.models[2]);

export class PictureKernels {
  private constructor(private readonly w: Exports) {}

  static async load(module: BufferSource | WebAssembly.Module): Promise<PictureKernels> {
    return new PictureKernels(await instantiated<Exports>(module));
  }

  /** Pixels (m, n, planes) of a payload; null if no codes have these bits. */
  decode(c: Coded, payload: Uint8Array, dictionary: Dictionary): Uint8Array<ArrayBuffer> | null {
    return lending(this.w, (memory) => {
      const size = c.m * c.n * c.planes;
      const out = memory.take(size);
      const sound = this.w.decode(
        c.version, memory.put(payload), payload.length, memory.put(models(c.version)), memory.put(dictionary.levels),
        memory.put(dictionary.scale), c.m, c.n, c.planes, c.halved ? 1 : 0, c.strong ? 1 : 0,
        memory.put(Int32Array.from(c.steps)),
        memory.put(Int32Array.from([...c.inUse, 0, 0, 0].slice(0, 3))), out,
      );
      return sound ? memory.bytes(out, size) : null;
    });
  }

  /** Pixels (m, n, channels) kept without loss, or indices of a palette; null if none have these bits. */
  decodePixels(data: Uint8Array, m: number, n: number, channels: number, bits: number, palette: boolean): Uint8Array<ArrayBuffer> | null {
    return lending(this.w, (memory) => {
      const out = memory.take(m * n * channels);
      const sound = this.w.decode_pixels(memory.put(data), data.length, m, n, channels, bits, palette ? 1 : 0, out);
      return sound ? memory.bytes(out, m * n * channels) : null;
    });
  }

  /** A tile's words and plain bits, and how many bytes of them are words. */
  encodeTile(planes: readonly ExactCodes[], inUse: readonly number[], lambda: number): { bytes: Uint8Array<ArrayBuffer>; words: number } {
    return lending(this.w, (memory) => {
      const exact = new Float32Array(planes.reduce((sum, p) => sum + p.codes.length, 0));
      planes.reduce((at, p) => (exact.set(p.codes, at), at + p.codes.length), 0);
      const whole = (values: readonly number[]) => memory.put(Int32Array.from(values));
      const words = memory.take(4);
      const size = this.w.encode_tile(
        memory.put(exact), planes.length, whole(planes.map((p) => p.rows)), whole(planes.map((p) => p.columns)), whole(inUse),
        memory.put(models(2)), lambda, words,
      );
      return { bytes: memory.bytes(this.w.written(), size), words: new Int32Array(this.w.memory.buffer, words, 1)[0]! };
    });
  }

  /** Sums and counts of the mixtures of a strip's groups. */
  mix(s: Strip): Mixed {
    return lending(this.w, (memory) => {
      const area = s.rows * s.columns;
      const noisy = memory.put(s.noisy);
      const estimate = s.estimate === s.noisy ? noisy : memory.put(s.estimate);
      const [sums, counts] = [memory.put(new Float32Array(s.channels * area)), memory.put(new Float32Array(area))];
      const [ridge, other] = s.stage.ridges as [number, number];
      this.w.mix_alike(
        noisy, estimate, memory.put(s.levels), s.channels, s.rows, s.columns, GROUPS.step, GROUPS.radius, s.stage.members, ridge, other,
        s.first ? 1 : 0, s.begin, s.end, sums, counts,
      );
      return { top: s.top, rows: s.rows, sums: memory.floats(sums, s.channels * area), counts: memory.floats(counts, area) };
    });
  }

  /** See `Kernels.draw`. */
  draw(generator: BigUint64Array, kind: "normal" | "uniform", count: number): Float64Array<ArrayBuffer> {
    return lending(this.w, (memory) => {
      const [g, out] = [memory.put(generator), memory.take(count * 8)];
      this.w.draw(g, kind === "normal" ? 1 : 0, count, out);
      generator.set(new BigUint64Array(this.w.memory.buffer, g, 4));
      return new Float64Array(this.w.memory.buffer, out, count).slice() as Float64Array<ArrayBuffer>;
    });
  }
}
