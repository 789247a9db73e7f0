/** Operating points, whichever outputs are clamped: `mho.circuits.operating_point`. */

import { restVolts, type LoopEquations } from "./equations";
import { block, inverse, product, solve, trySolve, identity, zeros, type Matrix } from "./linear";
import { GENERAL, SYMMETRIC, type Kernels } from "./wasm";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

export class Rest {
  private readonly F: Matrix;
  private readonly f: number;
  private readonly through: Matrix;
  private readonly M: Matrix;
  private readonly held: Matrix | null;
  private readonly guess: Matrix | null;

  constructor(
    private readonly kernels: Kernels,
    readonly d: LoopEquations,
  ) {
    const { n } = d;
    this.F = d.coupling.slice();
    for (let i = 0; i < n; i++) this.F[i * (n + 1)]! += 1 / d.opamp.gain;
    const f = (this.f = d.positive.reduce((s, p) => s + (p ? 0 : 1), 0)); // op-amps of either sign come first
    const [free, held] = [range(0, f), range(f, n)];
    const k = n - f;
    this.through = f ? product(block(this.F, n, held, free), inverse(block(this.F, n, free, free), f), k, f, f) : zeros(0);
    let M = this.reduced(this.F, held, n);
    this.held = null;
    if (d.opamp.clamp === "rectifying" && k) {
      this.held = inverse(this.reduced(d.resistance, held, n), k);
      M = product(this.held, M, k, k, k);
    }
    this.M = M;
    this.guess = k ? trySolve(M, identity(k), k, k) : null;
  }

  private reduced(A: Matrix, held: number[], n: number): Matrix {
    const k = held.length;
    const out = block(A, n, held, held);
    if (!this.f) return out;
    const taken = product(this.through, block(A, n, range(0, this.f), held), k, this.f, k);
    return out.map((a, e) => a - taken[e]!);
  }

  /** Voltages of the op-amps (n) for each of some right-hand sides. */
  at(volts: readonly ArrayLike<number>[]): Matrix[] {
    const { d, f } = this;
    const [n, r] = [d.n, volts.length];
    const k = n - f;
    const given = volts.map((v) => restVolts(d, v));
    let Q = zeros(r, k);
    given.forEach((v, i) => {
      for (let j = 0; j < k; j++) {
        let q = v[f + j]!;
        for (let l = 0; l < f; l++) q -= this.through[j * f + l]! * v[l]!;
        Q[i * k + j] = q;
      }
    });
    if (this.held) {
      const held = this.held;
      const before = Q;
      Q = zeros(r, k);
      for (let i = 0; i < r; i++)
        for (let j = 0; j < k; j++) for (let l = 0; l < k; l++) Q[i * k + j]! += held[j * k + l]! * before[i * k + l]!;
    }
    const x = k ? this.complementary(Q, r, k) : zeros(0);
    return given.map((v, i) => this.whole(v, x.subarray(i * k, (i + 1) * k)));
  }

  private complementary(Q: Matrix, r: number, k: number): Matrix {
    const { x, failed } = this.kernels.lcp(this.M, k, Q, r, GENERAL, this.guess);
    const lost = failed.reduce((s, one) => s + (one ? 1 : 0), 0);
    if (lost)
      throw new Error(
        `the circuit has no operating point for ${lost} of ${r} right-hand sides: its arrays differ too much for how ` +
          "alike the columns are; a smaller programming error or fewer columns would help",
      );
    return x;
  }

  private whole(v: Matrix, x: Matrix): Matrix {
    const { d, f, F } = this;
    const z = zeros(d.n);
    z.set(x, f);
    if (!f) return z;
    const right = Float64Array.from({ length: f }, (_, i) => {
      let s = v[i]!;
      for (let j = f; j < d.n; j++) s -= F[i * d.n + j]! * z[j]!;
      return s;
    });
    z.set(solve(block(F, d.n, range(0, f), range(0, f)), right, f, 1));
    return z;
  }
}

/** Non-negative least squares, exactly: x (k) for each right-hand side b (m) of A (m, k). */
export function nnls(kernels: Kernels, A: Matrix, m: number, k: number, B: readonly ArrayLike<number>[]): Matrix[] {
  const M = zeros(k, k);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < k; j++) for (let l = 0; l < k; l++) M[j * k + l]! += A[i * k + j]! * A[i * k + l]!;
  const Q = zeros(B.length, k);
  B.forEach((b, r) => {
    for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) Q[r * k + j]! += A[i * k + j]! * b[i]!;
  });
  const { x, failed } = kernels.lcp(M, k, Q, B.length, SYMMETRIC, trySolve(M, identity(k), k, k));
  if (failed.some(Boolean)) throw new Error("least squares did not converge: the columns are too alike");
  return B.map((_, r) => x.slice(r * k, (r + 1) * k));
}

