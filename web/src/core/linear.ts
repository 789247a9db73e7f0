/** Small dense matrices, row after row in one array. */

export type Matrix = Float64Array<ArrayBuffer>;

export function zeros(rows: number, columns = 1): Matrix {
  return new Float64Array(rows * columns);
}

export function identity(n: number): Matrix {
  const out = zeros(n, n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** A (m, l) times B (l, n). */
export function product(A: Matrix, B: Matrix, m: number, l: number, n: number): Matrix {
  const out = zeros(m, n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < l; p++) {
      const a = A[i * l + p]!;
      if (a === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j]! += a * B[p * n + j]!;
    }
  return out;
}

export function transposed(A: Matrix, rows: number, columns: number): Matrix {
  const out = zeros(columns, rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = A[i * columns + j]!;
  return out;
}

/** Rows and columns that are chosen. */
export function block(A: Matrix, width: number, rows: readonly number[], columns: readonly number[]): Matrix {
  const out = zeros(rows.length, columns.length);
  rows.forEach((i, r) => columns.forEach((j, c) => (out[r * columns.length + c] = A[i * width + j]!)));
  return out;
}

/** X with A X = B for A (n, n) and B (n, columns), by elimination with pivots; null where A is singular. */
export function trySolve(A: Matrix, B: Matrix, n: number, columns: number): Matrix | null {
  const [a, x] = [A.slice(), B.slice()];
  for (let p = 0; p < n; p++) {
    let best = p;
    for (let i = p + 1; i < n; i++) if (Math.abs(a[i * n + p]!) > Math.abs(a[best * n + p]!)) best = i;
    const pivot = a[best * n + p]!;
    if (pivot === 0 || !Number.isFinite(pivot)) return null;
    if (best !== p) {
      exchange(a, best, p, n);
      exchange(x, best, p, columns);
    }
    for (let i = p + 1; i < n; i++) {
      const share = a[i * n + p]! / pivot;
      if (share === 0) continue;
      for (let j = p + 1; j < n; j++) a[i * n + j]! -= share * a[p * n + j]!;
      for (let j = 0; j < columns; j++) x[i * columns + j]! -= share * x[p * columns + j]!;
    }
  }
  for (let p = n - 1; p >= 0; p--) {
    const pivot = a[p * n + p]!;
    for (let j = 0; j < columns; j++) {
      let sum = x[p * columns + j]!;
      for (let l = p + 1; l < n; l++) sum -= a[p * n + l]! * x[l * columns + j]!;
      x[p * columns + j] = sum / pivot;
    }
  }
  return x;
}

function exchange(a: Matrix, i: number, j: number, width: number): void {
  const row = a.slice(i * width, (i + 1) * width);
  a.copyWithin(i * width, j * width, (j + 1) * width);
  a.set(row, j * width);
}

export function solve(A: Matrix, B: Matrix, n: number, columns: number): Matrix {
  const x = trySolve(A, B, n, columns);
  if (!x) throw new Error("the circuit's equations are singular: some op-amp has no input");
  return x;
}

export function inverse(A: Matrix, n: number): Matrix {
  return solve(A, identity(n), n, n);
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/**
 * Eigenvalue of largest size of A (n, n), and its eigenvector, the largest entry positive; null where it is not real and alone.
 *
 * A is squared until all but one direction is lost: sixty times makes up for any gap that a double can show.
 */
export function dominant(A: Matrix, n: number): { value: number; vector: Matrix } | null {
  let power = A.slice();
  for (let round = 0; round < 60; round++) {
    const size = largest(power);
    if (!(size > 0)) return null;
    const scaled = power.map((a) => a / size);
    power = product(scaled, scaled, n, n, n);
  }
  const size = largest(power);
  const column = power.findIndex((a) => Math.abs(a) === size) % n;
  const vector = zeros(n).map((_, i) => power[i * n + column]!);
  const top = vector.reduce((best, v) => (Math.abs(v) > Math.abs(best) ? v : best), 0);
  for (let i = 0; i < n; i++) vector[i]! /= top;
  const image = product(A, vector, n, n, 1);
  const at = vector.indexOf(1);
  const value = image[at]!;
  const off = largest(image.map((v, i) => v - value * vector[i]!));
  return off <= 1e-9 * Math.abs(value) ? { value, vector } : null;
}
