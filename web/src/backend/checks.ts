/** Bad input is told in one sentence before any work. */

import type { Rows } from "../core/circuit";

const MOST = 4e6;

export function checkMatrix(matrix: Rows, name: string, nonnegative: boolean): void {
  const columns = matrix[0]?.length ?? 0;
  if (!columns) throw new Error(`${name} must have at least one row and one column`);
  if (matrix.length * columns > MOST) throw new Error(`${name} must have at most ${MOST} entries, got ${matrix.length} x ${columns}`);
  matrix.forEach((row, i) => {
    if (row.length !== columns) throw new Error(`${name} must have rows of the same length: row ${i + 1} has ${row.length}, the first ${columns}`);
    row.forEach((x, j) => {
      if (!Number.isFinite(x)) throw new Error(`${name} must be finite, got ${x} in row ${i + 1}, column ${j + 1}`);
      if (nonnegative && x < 0) throw new Error(`${name} must not be negative, got ${x} in row ${i + 1}, column ${j + 1}`);
    });
  });
}

export function checkVector(v: readonly number[], name: string, length: number): void {
  if (v.length !== length) throw new Error(`${name} must be ${length} numbers, one per input, got ${v.length}`);
  const bad = v.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new Error(`${name} must be finite, got ${v[bad]} at input ${bad + 1}`);
}
