/** Equations of motion of every circuit, as `mho.circuits.equations` states them. */

import { flat, type Circuit, type ClassicCircuit, type CompactCircuit, type EgvCircuit, type GramCircuit, type InvCircuit, type MvmCircuit, type OpAmp } from "./circuit";
import { inverse, product, zeros, type Matrix } from "./linear";
import { ports } from "./network";

/** dz/dt = w (v - z / gain), v = v_rest - P y - N min(z, 0), v_rest = inputs b + constant; n op-amps, m inputs. */
export interface LoopEquations {
  n: number;
  m: number;
  /** How many op-amps hold the answer; they come last. */
  outputs: number;
  opamp: OpAmp;
  /** Op-amps that cannot go below zero. */
  positive: Uint8Array;
  /** P (n, n). */
  coupling: Matrix;
  /** Z (n, n), ohms. */
  resistance: Matrix;
  /** (n, m). */
  inputs: Matrix;
  constant: Matrix;
  gClamp: number;
}

const CLAMP_STIFFNESS = 100;

export function equations(circuit: Circuit): LoopEquations {
  switch (circuit.topology) {
    case "compact": return compact(circuit);
    case "classic": return classic(circuit);
    case "gram": return gram(circuit);
    case "mvm": return mvm(circuit);
    case "inv": return inv(circuit);
    case "egv": return egv(circuit);
  }
}

function columnSums(g: Matrix, m: number, k: number): Matrix {
  const out = zeros(k);
  for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) out[j]! += g[i * k + j]!;
  return out;
}

function clampOf(conductance: Matrix): number {
  return CLAMP_STIFFNESS * Math.max(...conductance);
}

/** Kirchhoff at the sense nodes: sense s = drive y - inputs b + bias + g_clamp min(z, 0). */
function compact(c: CompactCircuit): LoopEquations {
  const [m, k] = [c.g_left.length, c.g_left[0]!.length];
  const [left, right] = [flat(c.g_left), flat(c.g_right)];
  const net = ports({ left, right, comp: Float64Array.from(c.g_comp), gIn: c.g_in, m, k }, c.wires);
  const solved = inverse(net.sense, k);
  const biased = product(solved, Float64Array.from(c.bias), k, k, 1);
  return {
    n: k,
    m,
    outputs: k,
    opamp: c.opamp,
    positive: new Uint8Array(k).fill(1),
    coupling: product(solved, net.drive, k, k, k),
    resistance: solved,
    inputs: product(solved, net.inputs, k, k, m),
    constant: Float64Array.from(c.offset, (v, j) => v - biased[j]!),
    gClamp: clampOf(columnSums(right, m, k)),
  };
}

/** Rows first: r = L1 (G_L x + g v - g_in b), then columns: s = L2 (G_R' v + clamp). */
function classic(c: ClassicCircuit): LoopEquations {
  const [m, k] = [c.g_left.length, c.g_left[0]!.length];
  const n = m + k;
  const [left, right] = [flat(c.g_left), flat(c.g_right)];
  const columns = columnSums(right, m, k);
  const [coupling, resistance, inputs, constant] = [zeros(n, n), zeros(n, n), zeros(n, m), zeros(n)];
  for (let i = 0; i < m; i++) {
    let total = c.g_feedback[i]! + c.g_in;
    for (let j = 0; j < k; j++) total += left[i * k + j]!;
    coupling[i * n + i] = c.g_feedback[i]! / total;
    for (let j = 0; j < k; j++) {
      coupling[i * n + m + j] = left[i * k + j]! / total;
      coupling[(m + j) * n + i] = -right[i * k + j]! / columns[j]!;
    }
    resistance[i * n + i] = 1 / total;
    inputs[i * m + i] = c.g_in / total;
    constant[i] = c.row_offset[i]!;
  }
  for (let j = 0; j < k; j++) {
    resistance[(m + j) * (n + 1)] = 1 / columns[j]!;
    constant[m + j] = -c.offset[j]! - c.bias[j]! / columns[j]!;
  }
  const positive = Uint8Array.from({ length: n }, (_, i) => (i >= m ? 1 : 0));
  return { n, m, outputs: k, opamp: c.opamp, positive, coupling, resistance, inputs, constant, gClamp: clampOf(columns) };
}

/** Each input is tied to its row of the array: s = L (G x - g_in b + g_clamp min(z, 0)). */
function gram(c: GramCircuit): LoopEquations {
  const n = c.g_gram.length;
  const G = flat(c.g_gram);
  const sums = Float64Array.from(c.g_gram, (row) => row.reduce((s, g) => s + g, 0) + c.g_in);
  const [coupling, resistance, inputs] = [zeros(n, n), zeros(n, n), zeros(n, n)];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) coupling[i * n + j] = G[i * n + j]! / sums[i]!;
    resistance[i * n + i] = 1 / sums[i]!;
    inputs[i * n + i] = c.g_in / sums[i]!;
  }
  const positive = new Uint8Array(n).fill(1);
  const constant = Float64Array.from(c.offset);
  return { n, m: n, outputs: n, opamp: c.opamp, positive, coupling, resistance, inputs, constant, gClamp: clampOf(sums) };
}

/** Each row amplifier holds its row at virtual ground: u = L (g_feedback y - G x). */
function mvm(c: MvmCircuit): LoopEquations {
  const [n, k] = [c.g.length, c.g[0]!.length];
  const sums = Float64Array.from(c.g, (row) => row.reduce((s, g) => s + g, 0) + c.g_feedback);
  const [coupling, resistance, inputs] = [zeros(n, n), zeros(n, n), zeros(n, k)];
  for (let i = 0; i < n; i++) {
    coupling[i * n + i] = c.g_feedback / sums[i]!;
    resistance[i * n + i] = 1 / sums[i]!;
    for (let j = 0; j < k; j++) inputs[i * k + j] = c.g[i]![j]! / sums[i]!;
  }
  const constant = Float64Array.from(c.offset);
  return { n, m: k, outputs: n, opamp: c.opamp, positive: new Uint8Array(n), coupling, resistance, inputs, constant, gClamp: clampOf(sums) };
}

const rowSum = (row: readonly number[]) => row.reduce((s, g) => s + g, 0);

/** States u of the inverters, then x: n = (x + u) / 2, s = L (G_+ x + G_- u - g_in b). */
function inv(c: InvCircuit): LoopEquations {
  const k = c.g_positive.length;
  const n = 2 * k;
  const total = Float64Array.from(c.g_positive, (row, i) => rowSum(row) + rowSum(c.g_negative[i]!) + c.g_in + c.g_ground[i]!);
  const [coupling, resistance, inputs, constant] = [zeros(n, n), zeros(n, n), zeros(n, k), zeros(n)];
  for (let i = 0; i < k; i++) {
    const row = (k + i) * n;
    coupling[i * n + i] = coupling[i * n + k + i] = 0.5;
    for (let j = 0; j < k; j++) {
      coupling[row + j] = c.g_negative[i]![j]! / total[i]!;
      coupling[row + k + j] = c.g_positive[i]![j]! / total[i]!;
    }
    resistance[i * (n + 1)] = 0.5 / c.g_in;
    resistance[(k + i) * (n + 1)] = 1 / total[i]!;
    inputs[(k + i) * k + i] = c.g_in / total[i]!;
    constant[k + i] = c.offset[i]!;
  }
  return { n, m: k, outputs: k, opamp: c.opamp, positive: new Uint8Array(n), coupling, resistance, inputs, constant, gClamp: clampOf(total) };
}

/** States y of the amplifiers, then x of their inverters: r = L (G_+ x + G_- y + g_feedback y), n = (x + y) / 2. */
function egv(c: EgvCircuit): LoopEquations {
  const k = c.g_positive.length;
  const n = 2 * k;
  const total = Float64Array.from(c.g_positive, (row, i) => rowSum(row) + rowSum(c.g_negative[i]!) + c.g_feedback);
  const [coupling, resistance, constant] = [zeros(n, n), zeros(n, n), zeros(n)];
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      coupling[i * n + j] = (c.g_negative[i]![j]! + (i === j ? c.g_feedback : 0)) / total[i]!;
      coupling[i * n + k + j] = c.g_positive[i]![j]! / total[i]!;
    }
    coupling[(k + i) * n + i] = coupling[(k + i) * n + k + i] = 0.5;
    resistance[i * (n + 1)] = 1 / total[i]!;
    resistance[(k + i) * (n + 1)] = 0.5 / c.g_feedback;
    constant[i] = c.offset[i]!;
  }
  return { n, m: 0, outputs: k, opamp: c.opamp, positive: new Uint8Array(n), coupling, resistance, inputs: zeros(0), constant, gClamp: clampOf(total) };
}

/** N (n, n): the diode path of a rectifying clamp. */
export function diode(d: LoopEquations): Matrix {
  const g = d.opamp.clamp === "rectifying" ? d.gClamp : 0;
  return d.resistance.map((z, e) => z * d.positive[e % d.n]! * g);
}

/** Voltage between the inputs while all outputs are at zero. */
export function restVolts(d: LoopEquations, volts: ArrayLike<number>): Matrix {
  const out = d.constant.slice();
  for (let i = 0; i < d.n; i++) for (let j = 0; j < d.m; j++) out[i]! += d.inputs[i * d.m + j]! * volts[j]!;
  return out;
}
