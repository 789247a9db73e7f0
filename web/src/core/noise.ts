/** Noise of pictures, as `mho.image.cleanup.noise` has it: estimated, made of variance 1, and brought back without bias. */

import data from "../data/clean.json";

/** Variance gain x + sigma^2 at a grey level x of 0 to 255. */
export interface Noise {
  gain: number;
  sigma: number;
}

const { block: BLOCK, bins: BINS, flattest: FLATTEST, clipped: CLIPPED, normal: NORMAL } = data.noise;
const LEVELS = Float64Array.from({ length: 511 }, (_, i) => i / 2);

/** Noisy grey levels with noise of variance 1 (generalised Anscombe transform). */
export function stabilised({ gain, sigma }: Noise, level: number): number {
  if (gain === 0) return level / sigma;
  return (2 / gain) * Math.sqrt(Math.max(gain * level + 0.375 * gain ** 2 + sigma ** 2, 0));
}

/** Beyond this mean a Poisson quantile is that of a normal distribution. */
const MANY = 1e5;

/** For each of the quantiles (i + 1/2) / 64 the least count that is at least as probable. */
export function poissonCounts(mean: number): number[] {
  if (mean > MANY) return NORMAL.map((z) => Math.ceil(mean + Math.sqrt(mean) * z + (z * z - 1) / 6));
  const mode = Math.floor(mean);
  const below: number[] = [];
  for (let k = mode, p = 1; k > 0 && p > 1e-18; k--) below.push((p *= k / mean));
  const low = mode - below.length;
  const shares = [...below.reverse(), 1];
  for (let k = mode + 1, p = 1; p > 1e-18; k++) shares.push((p *= mean / k));
  const total = shares.reduce((a, b) => a + b);
  const counts: number[] = [];
  let sum = shares[0]! / total;
  let k = 0;
  for (let i = 0; i < NORMAL.length; i++) {
    while (sum < (i + 0.5) / NORMAL.length && k < shares.length - 1) sum += shares[++k]! / total;
    counts.push(low + k);
  }
  return counts;
}

/** The mean of what the transform makes of noisy pixels, clipped to 0 to 255, at each half grey level; ascending. */
export function meansOf(noise: Noise): Float64Array {
  const { gain, sigma } = noise;
  const gaussian = NORMAL.map((z) => sigma * z);
  const table = Float64Array.from(LEVELS, (level) => {
    const bases = gain ? poissonCounts(Math.max(level / gain, 1e-9)).map((count) => gain * count) : [level];
    let sum = 0;
    for (const base of bases) for (const error of gaussian) sum += stabilised(noise, Math.min(Math.max(base + error, 0), 255));
    return sum / (bases.length * gaussian.length);
  });
  for (let i = 1; i < table.length; i++) table[i] = Math.max(table[i]!, table[i - 1]!);
  return table;
}

/** The grey level of which noisy pixels have this mean. */
export function restored(table: Float64Array, mean: number): number {
  const last = table.length - 1;
  if (mean <= table[0]!) return LEVELS[0]!;
  if (mean >= table[last]!) return LEVELS[last]!;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle]! <= mean) low = middle;
    else high = middle;
  }
  const step = table[high]! - table[low]!;
  return LEVELS[low]! + (LEVELS[high]! - LEVELS[low]!) * ((mean - table[low]!) / step);
}

interface Block {
  mean: number;
  variance: number;
  texture: number;
}

/** One for all channels of pixels (m, n, channels), from the flattest blocks. */
export function estimateNoise(pixels: Uint8Array, m: number, n: number, channels: number): Noise {
  if (Math.min(m, n) < 4 * BLOCK)
    throw new Error(`a picture must be at least ${4 * BLOCK} x ${4 * BLOCK} pixels for its noise to be estimated, this one has ${n} x ${m}`);
  const blocks: Block[] = [];
  for (let c = 0; c < channels; c++) blocks.push(...blocksOf((y, x) => pixels[(y * n + x) * channels + c]!, m, n));
  if (!blocks.length) throw new Error("a picture must have blocks that are neither black nor white for its noise to be estimated");
  return fitted(flattest(blocks));
}

/** Blocks that are not clipped: their mean, the noise's variance, and the texture that is left of means over 4 x 4 pixels. */
function blocksOf(at: (y: number, x: number) => number, m: number, n: number): Block[] {
  const side = BLOCK / 2;
  const found: Block[] = [];
  for (let top = 1; top + BLOCK < m; top += BLOCK)
    for (let left = 1; left + BLOCK < n; left += BLOCK) {
      let [sum, square, clipped] = [0, 0, 0];
      const cells = [0, 0, 0, 0];
      for (let y = top; y < top + BLOCK; y++)
        for (let x = left; x < left + BLOCK; x++) {
          const v = at(y, x);
          const second =
            at(y - 1, x - 1) - 2 * at(y - 1, x) + at(y - 1, x + 1) - 2 * (at(y, x - 1) - 2 * v + at(y, x + 1)) +
            at(y + 1, x - 1) - 2 * at(y + 1, x) + at(y + 1, x + 1);
          sum += v;
          square += second * second;
          clipped += v <= 0 || v >= 255 ? 1 : 0;
          cells[2 * (y - top >= side ? 1 : 0) + (x - left >= side ? 1 : 0)]! += v / (side * side);
        }
      const count = BLOCK * BLOCK;
      const mean = cells.reduce((a, b) => a + b) / 4;
      const texture = cells.reduce((s, v) => s + (v - mean) ** 2, 0) / 4;
      if (clipped / count <= CLIPPED) found.push({ mean: sum / count, variance: square / count / 36, texture });
    }
  return found;
}

function flattest(blocks: Block[]): Block[] {
  const sorted = [...blocks].sort((a, b) => a.mean - b.mean);
  const bins = Math.min(BINS, Math.max(1, Math.floor(sorted.length / 8)));
  const size = Math.floor(sorted.length / bins);
  const longer = sorted.length % bins;
  return Array.from({ length: bins }, (_, i) => {
    const begin = i * size + Math.min(i, longer);
    const range = sorted.slice(begin, begin + size + (i < longer ? 1 : 0));
    const calm = [...range].sort((a, b) => a.texture - b.texture).slice(0, Math.max(1, rint(FLATTEST * range.length)));
    const variances = calm.map((b) => b.variance).sort((a, b) => a - b);
    const half = variances.length >> 1;
    const median = variances.length % 2 ? variances[half]! : (variances[half - 1]! + variances[half]!) / 2;
    return { mean: calm.reduce((s, b) => s + b.mean, 0) / calm.length, variance: median, texture: 0 };
  });
}

/** To the nearest whole number, halves to the even one. */
export function rint(x: number): number {
  return x + 6755399441055744 - 6755399441055744;
}

/** Weights are the inverse of what is fitted, and of how far off a range is: texture only adds. */
function fitted(ranges: readonly Block[], rounds = 8): Noise {
  let weights = ranges.map(() => 1);
  let [gain, constant] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    [gain, constant] = nonNegativeLine(ranges, weights);
    weights = ranges.map((r) => {
      const fit = Math.max(gain * r.mean + constant, 1e-3);
      return 1 / (fit * (1 + 4 * Math.max(r.variance / fit - 1, 0)));
    });
  }
  return { gain, sigma: Math.sqrt(constant) };
}

/** min |w (gain x + constant - y)| with both at least 0. */
function nonNegativeLine(ranges: readonly Block[], weights: readonly number[]): [number, number] {
  const sum = (f: (r: Block) => number) => ranges.reduce((s, r, i) => s + weights[i]! ** 2 * f(r), 0);
  const [xx, x, one] = [sum((r) => r.mean ** 2), sum((r) => r.mean), sum(() => 1)];
  const [xy, y] = [sum((r) => r.mean * r.variance), sum((r) => r.variance)];
  const determinant = xx * one - x * x;
  const both = determinant > 1e-12 * xx * one ? [(xy * one - x * y) / determinant, (xx * y - x * xy) / determinant] : [-1, -1];
  if (both[0]! >= 0 && both[1]! >= 0) return [both[0]!, both[1]!];
  const [slope, level] = [Math.max(xy / xx, 0), Math.max(y / one, 0)];
  return xy * slope > y * level ? [slope, 0] : [0, level]; // what each alone takes off the squares
}
