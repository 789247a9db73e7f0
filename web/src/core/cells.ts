/** Writing a matrix into cells, and what becomes of them: `mho.chip.mapping`, `.cells` and `.devices`. */

import { Generator } from "./random";
import { zeros, type Matrix } from "./linear";

export interface Relaxation {
  levels: number[];
  times: number[];
  shift: number[][];
  spread: number[][];
}

export interface Device {
  g_min: number;
  g_max: number;
  levels: number | null;
  sigma: number;
  relaxation: Relaxation | null;
  temperature_slope: number;
  temperature_spread: number;
  written_at: number;
  stuck_low: number;
  stuck_high: number;
  dead: number;
}

/** Seconds since writing, and the temperature while solving. */
export interface Conditions {
  age: number;
  kelvin: number;
}

/** Target conductances, siemens: both arrays (m, k), compensation (m); siemens per unit of each column (k). */
export interface Layout {
  target: Matrix;
  comp: Matrix;
  scale: Matrix;
  m: number;
  k: number;
  /** How many arrays it is written to: a driving and a sensing one, or one alone. */
  arrays: 1 | 2;
}

/** What cells conduct: driving and sensing array (m, k), compensation (m). */
export interface Written extends Layout {
  left: Matrix;
  right: Matrix;
  compensation: Matrix;
}

export function layout(A: Matrix, m: number, k: number, device: Device): Layout {
  const peak = zeros(k);
  for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) peak[j] = Math.max(peak[j]!, A[i * k + j]!);
  const scale = peak.map((p) => (p > 0 ? device.g_max / p : 0));
  const target = zeros(m, k);
  const sums = zeros(m);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < k; j++) {
      const a = A[i * k + j]!;
      const g = a > 0 ? nearestState(a * scale[j]!, device) : peak[j]! > 0 ? device.g_min : 0;
      target[i * k + j] = g;
      sums[i]! += g;
    }
  const most = Math.max(...sums);
  return { target, comp: sums.map((s) => 2 * (most - s)), scale, m, k, arrays: 2 };
}

/** A matrix of either sign in pairs of cells whose lowest states cancel, those of positive entries first: (2 m, k). */
export function pairs(A: Matrix, m: number, k: number, device: Device, oneScale: boolean): Layout {
  const peak = zeros(k);
  for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) peak[j] = Math.max(peak[j]!, Math.abs(A[i * k + j]!));
  const all = Math.max(...peak);
  const scale = peak.map((p) => (p > 0 ? (device.g_max - device.g_min) / (oneScale ? all : p) : 0));
  const target = zeros(2 * m, k);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < k; j++)
      for (const [half, a] of [Math.max(A[i * k + j]!, 0), Math.max(-A[i * k + j]!, 0)].entries())
        target[(half * m + i) * k + j] = a > 0 ? nearestState(device.g_min + a * scale[j]!, device) : peak[j]! > 0 ? device.g_min : 0;
  return { target, comp: zeros(2 * m), scale, m: 2 * m, k, arrays: 1 };
}

function nearestState(g: number, { g_min, g_max, levels }: Device): number {
  if (levels === null) return Math.max(g, g_min);
  const step = g_max / (levels - 1);
  const below = Math.max(Math.floor(g / step) * step, g_min);
  const above = Math.max(Math.ceil(g / step) * step, g_min);
  return g - below < above - g ? below : above;
}

/** Numbers that belong to the places of a chip, whatever is written there. */
export class Sites {
  private readonly seed: bigint;

  constructor(
    private readonly make: (...seed: (number | bigint)[]) => Generator,
    rng: Generator,
    private readonly columns: number,
  ) {
    this.seed = rng.spawn().integer63();
  }

  of(kind: number, what: "normal" | "uniform", m: number, k: number): Matrix {
    const all = this.make(this.seed, kind)[what](m * this.columns);
    const out = zeros(m, k);
    for (let i = 0; i < m; i++) out.set(all.subarray(i * this.columns, i * this.columns + k), i * k);
    return out;
  }

  /** A uniform number for each of `count` places in parallel in each row, drawn in blocks as wide as the chip. */
  inParallel(kind: number, rows: number, count: number): Matrix {
    const out = zeros(rows, count);
    for (let block = 0; block * this.columns < count; block++) {
      const drawn = this.make(this.seed, kind, block).uniform(rows * this.columns);
      for (let i = 0; i < rows; i++)
        for (let p = 0; p < this.columns && block * this.columns + p < count; p++)
          out[i * count + block * this.columns + p] = drawn[i * this.columns + p]!;
    }
    return out;
  }
}

interface Cells {
  target: Matrix;
  parallel: Matrix;
  error: Matrix;
  deviate: Matrix;
}

/** Write the arrays and the compensation, with fresh errors, and let time pass; one array alone is `right` too. */
export function write(plan: Layout, device: Device, conditions: Conditions, rng: Generator, sites: Sites): Written {
  const targets = [...new Array<Matrix>(plan.arrays).fill(plan.target), plan.comp];
  const fresh = targets.map((target) => freshCells(target, device, rng));
  if (conditions.age > 0 && device.relaxation) for (const cells of fresh) cells.deviate = rng.normal(cells.target.length);
  const g = fresh.map((cells, at) => conductance(cells, at < plan.arrays ? at : COMPENSATION, plan, device, conditions, sites));
  return { ...plan, left: g[0]!, right: g[plan.arrays - 1]!, compensation: g[plan.arrays]! };
}

function freshCells(target: Matrix, device: Device, rng: Generator): Cells {
  const parallel = target.map((g) => Math.ceil(g / device.g_max - 1e-9));
  let error = zeros(target.length);
  if (device.relaxation) {
    const drawn = rng.normal(target.length);
    error = drawn.map((x, e) => {
      const p = parallel[e]!;
      const [shift, spread] = moments(device.relaxation!, target[e]! / Math.max(p, 1), 0);
      return p * shift + Math.sqrt(p) * spread * x;
    });
  } else if (device.sigma) {
    error = rng.normal(target.length).map((x, e) => device.sigma * device.g_max * Math.sqrt(parallel[e]!) * x);
  }
  const deviate = device.relaxation ? rng.normal(target.length) : zeros(target.length);
  return { target, parallel, error, deviate };
}

/** Number of that part, after the driving and the sensing array. */
const COMPENSATION = 2;

function conductance(cells: Cells, part: number, plan: Layout, device: Device, conditions: Conditions, sites: Sites): Matrix {
  const { target, parallel, error, deviate } = cells;
  let g = target.map((t, e) =>
    device.relaxation
      ? relaxed(device.relaxation, t, parallel[e]!, error[e]!, deviate[e]!, conditions.age)
      : Math.max(t + error[e]!, 0),
  );
  const kelvin = conditions.kelvin - device.written_at;
  const inArray = part < COMPENSATION;
  if (kelvin !== 0) {
    const own = inArray && device.temperature_spread ? sites.of(part, "normal", plan.m, plan.k) : zeros(target.length);
    g = g.map((v, e) => v * Math.max(1 + (device.temperature_slope + device.temperature_spread * own[e]!) * kelvin, 0));
  }
  if (device.stuck_low + device.stuck_high + device.dead > 0)
    g = inArray ? withFaults(g, sites.of(2 + part, "uniform", plan.m, plan.k), device) : columnWithFaults(g, parallel, sites, device);
  return g.map((v, e) => (target[e]! > 0 ? v : 0));
}

/** The compensation: each conductance is several cells in parallel, some of which may be faulty. */
function columnWithFaults(g: Matrix, parallel: Matrix, sites: Sites, device: Device): Matrix {
  const most = Math.max(...parallel);
  const fate = sites.inParallel(6, g.length, most);
  return g.map((v, i) => {
    let [faulty, stuck] = [0, 0];
    for (let p = 0; p < parallel[i]!; p++) {
      const at = withFaults(Float64Array.of(NaN), fate.subarray(i * most + p, i * most + p + 1), device)[0]!;
      if (!Number.isNaN(at)) (faulty++, (stuck += at));
    }
    return (1 - faulty / Math.max(parallel[i]!, 1)) * v + stuck;
  });
}

function withFaults(g: Matrix, fate: Matrix, { stuck_low, stuck_high, dead, g_min, g_max }: Device): Matrix {
  const high = stuck_low + stuck_high;
  return g.map((v, e) => {
    const u = fate[e]!;
    return u < stuck_low ? g_min : u < high ? g_max : u < high + dead ? 0 : v;
  });
}

/** Shift and spread of a cell's conductance, siemens: linear between levels and between the logarithms of times. */
export function moments(law: Relaxation, target: number, seconds: number): [number, number] {
  const first = law.times.find((t) => t > 0) ?? 1;
  const axis = law.times.map((t) => Math.log1p(t / first));
  if (seconds > law.times[law.times.length - 1]! * (1 + 1e-9))
    throw new Error(`cells cannot be aged to ${seconds} s: they were measured up to ${law.times[law.times.length - 1]} s`);
  const [i, p] = place(law.levels, target);
  const [j, q] = place(axis, Math.log1p(seconds / first));
  const at = (table: number[][]) => {
    const [low, high] = [table[i]!, table[Math.min(i + 1, table.length - 1)]!];
    const next = Math.min(j + 1, low.length - 1);
    return (1 - p) * ((1 - q) * low[j]! + q * low[next]!) + p * ((1 - q) * high[j]! + q * high[next]!);
  };
  return [at(law.shift), at(law.spread)];
}

function place(axis: number[], value: number): [number, number] {
  const v = Math.min(Math.max(value, axis[0]!), axis[axis.length - 1]!);
  let i = 0;
  while (i + 2 < axis.length && axis[i + 1]! <= v) i++;
  return axis.length < 2 ? [0, 0] : [i, (v - axis[i]!) / (axis[i + 1]! - axis[i]!)];
}

function relaxed(law: Relaxation, target: number, parallel: number, error: number, deviate: number, age: number): number {
  const each = target / Math.max(parallel, 1);
  const [shift, spread] = moments(law, each, age);
  const [start, first] = moments(law, each, 0);
  const added = Math.sqrt(Math.max(spread ** 2 - first ** 2, 0));
  const root = Math.sqrt(parallel);
  const total = Math.sqrt(first ** 2 + added ** 2);
  const deviation = (error - parallel * start) / Math.max(root, 1) + added * deviate;
  return positive(target + parallel * shift, root * spread, total > 0 ? deviation / total : 0);
}

/** A number >= 0 of that mean and spread: a gamma distribution, by the transformation of Wilson and Hilferty. */
function positive(given: number, spread: number, deviate: number): number {
  const mean = Math.max(given, spread / 3);
  const ratio = mean > 0 ? spread / mean : 0;
  if (ratio > 1.5) {
    const shape = ratio ** -2;
    return (mean / shape) * inverseUpperGamma(shape, upperNormal(deviate));
  }
  const c = ratio ** 2 / 9;
  return mean * Math.max(1 - c + Math.sqrt(c) * deviate, 0) ** 3;
}

function logGamma(x: number): number {
  // Stirling's series, from where it is exact to rounding
  let [z, shift] = [x, 0];
  while (z < 12) shift -= Math.log(z++);
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - (r * 691) / 360360))))) / z;
  return shift + (z - 0.5) * Math.log(z) - z + 0.9189385332046727 + series;
}

/** Regularised incomplete gamma functions: lower and upper. */
function gammaShares(a: number, x: number): [number, number] {
  if (x <= 0) return [0, 1];
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < 500 && Math.abs(term) > 1e-17 * sum; n++) sum += term *= x / (a + n);
    return [front * sum, 1 - front * sum];
  }
  let b = x + 1 - a;
  let [c, d] = [1e300, 1 / b];
  let h = d;
  for (let n = 1; n < 500; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return [1 - front * h, front * h];
}

function upperNormal(x: number): number {
  const [lower, upper] = gammaShares(0.5, (x * x) / 2);
  return x > 0 ? upper / 2 : 0.5 + lower / 2;
}

function inverseUpperGamma(a: number, q: number): number {
  let [low, high] = [-800, Math.log(a + 800)]; // of log x
  for (let round = 0; round < 100; round++) {
    const middle = (low + high) / 2;
    if (gammaShares(a, Math.exp(middle))[1] > q) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
