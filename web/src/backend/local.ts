/** The protocol answered here, by the compiled kernels. */

import { flat, rowsOf } from "../core/circuit";
import { answers, type AnswersRequest } from "../core/answers";
import { cost, type CostData } from "../core/cost";
import { designOf, type Presets } from "../core/design";
import { equations } from "../core/equations";
import { AnalogSolver, analogStep, digitalStep, startFactors, type Factors } from "../core/factorize";
import { product } from "../core/linear";
import { program } from "../core/program";
import { nnls, Rest } from "../core/rest";
import { transient } from "../core/transient";
import type { Kernels } from "../core/wasm";
import type { CostRequest } from "../core/cost";
import type {
  FactorizeAnswer, FactorizeRequest, FactorizeStep, ProgramRequest, SettleAnswer, SettleRequest, SolveAnswer, SolveRequest,
} from "./protocol";
import { checkMatrix, checkVector } from "./checks";

const SAMPLES = 400;
const PAST_SETTLING = 1.6;

export class Local {
  constructor(
    private readonly kernels: Kernels,
    private readonly presets: Presets,
    private readonly costs: CostData,
  ) {}

  program(r: ProgramRequest) {
    const square = r.topology === "inv" || r.topology === "egv";
    checkMatrix(r.matrix, "matrix", !square);
    if (square && r.matrix.length !== r.matrix[0]!.length)
      throw new Error(`matrix must be square for its inverse or eigenvector, got ${r.matrix.length} x ${r.matrix[0]!.length}`);
    if (r.matrix[0]!.some((_, j) => r.matrix.every((row) => row[j] === 0)))
      throw new Error("matrix must not have a column of zeros, which would leave an op-amp without an input");
    if (r.topology !== "compact" && (r.changes.row_ohms || r.changes.column_ohms || r.changes.driver_ohms || r.changes.sense_ohms))
      throw new Error("wires with resistance are modelled in the compact circuit alone: leave them perfect");
    return program(this.kernels, r.topology, r.matrix, designOf(this.presets, r.preset, r.changes), r.seed);
  }

  settle(r: SettleRequest): SettleAnswer {
    const d = equations(r.circuit);
    checkVector(r.volts, "volts", d.m);
    if (r.circuit.topology === "mvm") {
      const rest = new Rest(this.kernels, d).at([r.volts])[0]!;
      return { times: [0], outputs: [...rest].map((v) => [v]), rest: [...rest], settling_time: null, events: [] };
    }
    const wave = transient(this.kernels, d, r.volts);
    const settled = wave.settlingTime(r.tolerance);
    const end = Math.min(wave.end, settled * PAST_SETTLING) || wave.end;
    const times = r.times ?? Array.from({ length: SAMPLES }, (_, i) => (end * i) / (SAMPLES - 1));
    const outputs = wave.outputs(Float64Array.from(times)).map((y) => [...y]);
    return { times, outputs, rest: [...wave.rest()], settling_time: settled, events: wave.events };
  }

  solve(r: SolveRequest): SolveAnswer {
    if ("circuit" in r) {
      const rest = new Rest(this.kernels, equations(r.circuit));
      const shown = rest.d.n - rest.d.outputs;
      for (const v of r.volts) checkVector(v, "volts", rest.d.m);
      return { answers: rest.at(r.volts).map((z) => [...z.subarray(shown)]) };
    }
    checkMatrix(r.matrix, "matrix", true);
    const [m, k] = [r.matrix.length, r.matrix[0]!.length];
    for (const b of r.rhs) checkVector(b, "rhs", m);
    return { answers: nnls(this.kernels, flat(r.matrix), m, k, r.rhs).map((x) => [...x]) };
  }

  /** The iterations of a factorization, one by one. */
  *factorize(r: FactorizeRequest): Generator<FactorizeStep, FactorizeAnswer> {
    checkMatrix(r.matrix, "matrix", true);
    const X = flat(r.matrix);
    const [m, n, k] = [r.matrix.length, r.matrix[0]!.length, r.rank];
    if (!(Number.isInteger(k) && k >= 1 && k <= Math.min(m, n)))
      throw new Error(`rank must be a whole number from 1 to ${Math.min(m, n)}, the smaller side of the matrix, got ${k}`);
    if (!X.some((x) => x > 0)) throw new Error("matrix must have an entry above zero");
    let factors: Factors = startFactors(this.kernels, X, m, n, k, r.seed);
    const chip = r.engine === "analog" ? new AnalogSolver(this.kernels, designOf(this.presets, r.preset, r.changes), r.seed) : null;
    const errors: number[] = [];
    let seconds = 0;
    for (let iteration = 1; iteration <= r.iterations; iteration++) {
      const begun = performance.now();
      const next = chip
        ? analogStep(chip, X, m, n, k, factors)
        : digitalStep(this.kernels, X, m, n, k, factors);
      seconds += (performance.now() - begun) / 1e3;
      factors = next;
      errors.push(next.error);
      yield { iteration, error: next.error, seconds, W: rowsOf(next.W, k), H: rowsOf(next.H, n) };
    }
    return { errors, seconds, W: rowsOf(factors.W, k), H: rowsOf(factors.H, n) };
  }

  cost(r: CostRequest | AnswersRequest) {
    return "use" in r ? answers(this.costs, r) : cost(this.costs, r);
  }
}

/** W H by rows. */
export function productOf(W: number[][], H: number[][]): number[][] {
  const [m, k, n] = [W.length, H.length, H[0]!.length];
  return rowsOf(product(flat(W), flat(H), m, k, n), n);
}
