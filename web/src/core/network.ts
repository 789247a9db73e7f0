/** The passive network of the compact circuit, reduced to the ports of its op-amps: `mho.circuits.ports` and `.wire_elimination`. */

import { identity, solve, zeros, type Matrix } from "./linear";
import type { Wires } from "./circuit";

/** Arrays (m, k), compensation (m), input conductance; siemens. */
export interface Network {
  left: Matrix;
  right: Matrix;
  comp: Matrix;
  gIn: number;
  m: number;
  k: number;
}

/** w = drive x - sense s - inputs b is what flows into the sense nodes. */
export interface Ports {
  drive: Matrix;
  sense: Matrix;
  inputs: Matrix;
}

export function ports(net: Network, wires: Wires): Ports {
  const wired = wires.row_ohms > 0 || wires.column_ohms > 0 || wires.driver_ohms > 0 || wires.sense_ohms > 0;
  return wired ? wiredPorts(net, wires) : plainPorts(net);
}

function plainPorts({ left, right, comp, gIn, m, k }: Network): Ports {
  const [drive, sense, inputs] = [zeros(k, k), zeros(k, k), zeros(k, m)];
  for (let i = 0; i < m; i++) {
    let total = gIn + comp[i]!;
    for (let j = 0; j < k; j++) total += left[i * k + j]! + right[i * k + j]!;
    for (let j = 0; j < k; j++) {
      const g = right[i * k + j]!;
      const share = g / total;
      for (let l = 0; l < k; l++) {
        drive[j * k + l]! += share * left[i * k + l]!;
        sense[j * k + l]! -= share * right[i * k + l]!;
      }
      sense[j * k + j]! += g;
      inputs[j * m + i] = gIn * share;
    }
  }
  return { drive, sense, inputs };
}

/** Rows are chains of resistors; they are joined from the far end of the columns to the near one. */
function wiredPorts(net: Network, wires: Wires): Ports {
  const { m, k } = net;
  const n = 2 * k;
  let Y = zeros(n, n);
  const J = zeros(n, m); // column i is row i's source
  for (let i = m - 1; i >= 0; i--) {
    if (i < m - 1) Y = inSeries(Y, J, new Float64Array(n).fill(wires.column_ohms), n, m);
    const row = oneRow(net, i, wires.row_ohms);
    for (let e = 0; e < n * n; e++) Y[e]! += row.Y[e]!;
    for (let e = 0; e < n; e++) J[e * m + i]! += row.J[e]!;
  }
  const ends = Float64Array.from({ length: n }, (_, e) => (e < k ? wires.driver_ohms : wires.sense_ohms));
  Y = inSeries(Y, J, ends, n, m);
  const [drive, sense, inputs] = [zeros(k, k), zeros(k, k), zeros(k, m)];
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      drive[i * k + j] = -Y[(k + i) * n + j]!;
      sense[i * k + j] = Y[(k + i) * n + k + j]!;
    }
    inputs.set(J.subarray((k + i) * m, (k + i + 1) * m), i * m);
  }
  return { drive, sense, inputs };
}

/** Y becomes P Y and J, in place, P J with P = (1 + Y r)^-1. */
function inSeries(Y: Matrix, J: Matrix, ohms: Matrix, n: number, m: number): Matrix {
  if (!ohms.some((r) => r > 0)) return Y;
  const A = identity(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) A[i * n + j]! += Y[i * n + j]! * ohms[j]!;
  const both = zeros(n, n + m);
  for (let i = 0; i < n; i++) {
    both.set(Y.subarray(i * n, (i + 1) * n), i * (n + m));
    both.set(J.subarray(i * m, (i + 1) * m), i * (n + m) + n);
  }
  const solved = solve(A, both, n, n + m);
  const out = zeros(n, n);
  for (let i = 0; i < n; i++) {
    out.set(solved.subarray(i * (n + m), i * (n + m) + n), i * n);
    J.set(solved.subarray(i * (n + m) + n, (i + 1) * (n + m)), i * m);
  }
  return out;
}

/** Y (2k, 2k) and J (2k) of one row: its cells and, where the last of them is, its compensation. */
function oneRow(net: Network, i: number, rowOhms: number): { Y: Matrix; J: Matrix } {
  const { k } = net;
  const n = 2 * k;
  const G = zeros(n + 1);
  G.set(net.left.subarray(i * k, (i + 1) * k));
  G.set(net.right.subarray(i * k, (i + 1) * k), k);
  G[n] = net.comp[i]!;
  const place = (p: number) => Math.min(p, n - 1);
  const A = identity(n + 1);
  const B = zeros(n + 1, n + 1);
  for (let p = 0; p <= n; p++) {
    for (let q = 0; q <= n; q++) {
      const z = (1 / net.gIn + rowOhms * Math.min(place(p), place(q))) * G[q]!;
      A[p * (n + 1) + q]! += z;
      if (q < n) B[p * (n + 1) + q] = z;
    }
    B[p * (n + 1) + n] = 1;
  }
  const H = solve(A, B, n + 1, n + 1);
  const [Y, J] = [zeros(n, n), zeros(n)];
  for (let p = 0; p < n; p++) {
    for (let q = 0; q < n; q++) Y[p * n + q] = (p === q ? G[p]! : 0) - G[p]! * H[p * (n + 1) + q]!;
    J[p] = G[p]! * H[p * (n + 1) + n]!;
  }
  return { Y, J };
}
