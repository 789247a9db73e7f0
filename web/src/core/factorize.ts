/** Alternating non-negative least squares in the page: digital sweeps, or a chip that is written anew for every half-step. */

import type { Design } from "./program";
import { layout, Sites, write } from "./cells";
import { ports } from "./network";
import { inverse, product, transposed, type Matrix } from "./linear";
import { Generator } from "./random";
import { GENERAL, type Kernels } from "./wasm";

export interface Factors {
  /** (m, k). */
  W: Matrix;
  /** (k, n). */
  H: Matrix;
}

const SWEEPS = 4;

/** Uniform factors of the matrix's own size, in NumPy's order. */
export function startFactors(kernels: Kernels, X: Matrix, m: number, n: number, k: number, seed: number): Factors {
  const rng = Generator.of(kernels, seed);
  const mean = X.reduce((s, x) => s + x, 0) / X.length;
  const scale = 2 * Math.sqrt(mean / k);
  return { W: rng.uniform(m * k).map((u) => scale * u), H: rng.uniform(k * n).map((u) => scale * u) };
}

function gramOf(A: Matrix, m: number, k: number): Matrix {
  return product(transposed(A, m, k), A, k, m, k);
}

/** One iteration of coordinate descent, and |X - W H| / |X| after it. */
export function digitalStep(kernels: Kernels, X: Matrix, m: number, n: number, k: number, { W, H }: Factors) {
  const Ht = transposed(H, k, n);
  const rows = kernels.sweep("rows", X, m, n, H, gramOf(Ht, n, k), transposed(W, m, k), SWEEPS);
  const next = transposed(rows.answer, k, m);
  const columns = kernels.sweep("columns", X, n, m, rows.answer, gramOf(next, m, k), H, SWEEPS);
  const whole = X.reduce((s, x) => s + x * x, 0);
  const left = whole - columns.fit.reduce((s, f) => s + f, 0);
  return { W: next, H: columns.answer, error: Math.sqrt(Math.max(left, 0) / whole) };
}

/** The chip that solves every half-step. */
export class AnalogSolver {
  private readonly rng: Generator;
  private readonly sites: Sites;

  constructor(
    private readonly kernels: Kernels,
    private readonly design: Design,
    seed: number,
  ) {
    const make = (...seeds: (number | bigint)[]) => Generator.of(kernels, ...seeds);
    this.rng = make(seed);
    if (design.offset) this.rng.normal(design.columns);
    this.sites = new Sites(make, this.rng, design.columns);
  }

  /** x (k) for each right-hand side, given by rows (n, m), of A (m, k): the compact circuit at rest, by rows (n, k). */
  solve(A: Matrix, m: number, k: number, B: Matrix, n: number): Matrix {
    const { device, conditions, wires, gain } = this.design;
    const c = write(layout(A, m, k, device), device, conditions, this.rng, this.sites);
    const gIn = device.g_max;
    const net = ports({ left: c.left, right: c.right, comp: c.compensation, gIn, m, k }, wires);
    const M = net.drive.map((d, e) => d + net.sense[e]! / (gain ?? Infinity));
    const used = Array.from({ length: k }, (_, j) => j).filter((j) => c.scale[j]! > 0);
    for (let j = 0; j < k; j++) if (!(c.scale[j]! > 0)) M[j * (k + 1)] = gIn; // a column without cells stays at zero
    const Q = product(B, transposed(net.inputs, k, m), n, m, k);
    const guess = used.length === k ? inverse(M, k) : null;
    const { x, failed } = this.kernels.lcp(M, k, Q, n, GENERAL, guess);
    if (failed.some(Boolean))
      throw new Error("the chip has no operating point: its two arrays differ too much; a smaller sigma or fewer components would help");
    return x.map((v, e) => (v * c.scale[e % k]!) / gIn);
  }
}

/** One iteration on the chip: every row of X against H, then every column against W. */
export function analogStep(chip: AnalogSolver, X: Matrix, m: number, n: number, k: number, { H }: Factors) {
  const W = chip.solve(transposed(H, k, n), n, k, X, m);
  const Ht = chip.solve(W, m, k, transposed(X, m, n), n);
  const next = transposed(Ht, n, k);
  return { W, H: next, error: relativeError(X, W, next, m, n, k) };
}

export function relativeError(X: Matrix, W: Matrix, H: Matrix, m: number, n: number, k: number): number {
  const found = product(W, H, m, k, n);
  let [off, whole] = [0, 0];
  for (let e = 0; e < X.length; e++) {
    off += (X[e]! - found[e]!) ** 2;
    whole += X[e]! ** 2;
  }
  return Math.sqrt(off / whole);
}

