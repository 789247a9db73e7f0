/** A matrix of either sign in pairs of cells that multiplies vectors: `mho.chip.programmed_product`, as `mho.Chip` makes it. */

import { pairs, write, Sites } from "./cells";
import type { Ledger } from "./cost";
import { zeros, type Matrix } from "./linear";
import { rint } from "./noise";
import type { Design } from "./program";
import { Generator, type Draws } from "./random";

export interface Converters {
  dac_bits: number | null;
  adc_bits: number | null;
  adc_ranges: number;
}

const SHORTEST_SETTLE = 60e-9;
const BITS_WITHOUT = 12;

/** Outputs of one vector, volts, on their way. */
export interface Settling {
  /** Volts at rest, and each output's rate, 1/s. */
  rest: Float64Array;
  rates: Float64Array;
  /** When the ADCs read, seconds. */
  read: number;
}

export class SignedProduct {
  private readonly positive: Matrix;
  private readonly negative: Matrix;
  private readonly scale: Matrix;
  /** Siemens of each row's cells and feedback. */
  private readonly tied: Matrix;
  private readonly feedback: number;
  readonly rates: Float64Array;
  readonly seconds: number;

  constructor(
    draws: Draws,
    A: Matrix,
    private readonly m: number,
    private readonly k: number,
    private readonly design: Design & Converters,
    seed: number,
  ) {
    if (design.offset) throw new Error("offset must be 0 here: a product's op-amps have none in this view");
    const make = (...seeds: (number | bigint)[]) => Generator.of(draws, ...seeds);
    const rng = make(seed);
    const sites = new Sites(make, rng, design.columns);
    const plan = pairs(A, m, k, design.device, false);
    const g = write(plan, design.device, design.conditions, rng, sites).left;
    [this.positive, this.negative, this.scale] = [g.slice(0, m * k), g.slice(m * k), plan.scale];
    const rowSum = (cells: Matrix, i: number) => {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += cells[i * k + j]! + cells[(m + i) * k + j]!;
      return sum;
    };
    const rows = Array.from({ length: m }, (_, i) => i);
    this.feedback = (Math.max(...rows.map((i) => rowSum(plan.target, i))) * design.v_in) / design.v_out;
    this.tied = Float64Array.from(rows, (i) => rowSum(g, i) + this.feedback);
    const gain = design.gain ?? Infinity;
    this.rates = this.tied.map((tied) => 2 * Math.PI * design.bandwidth * (this.feedback / tied + 1 / gain));
    this.seconds = Math.max(SHORTEST_SETTLE, Math.log(2 ** ((design.adc_bits ?? BITS_WITHOUT) + 1)) / Math.min(...this.rates));
  }

  /** A X (m, n) for X (k, n), through converters; adds its events to the ledger. */
  multiply(X: Matrix, n: number, ledger: Ledger): Matrix {
    const { m, k, design } = this;
    const out = zeros(m, n);
    let [joules, coulombs] = [0, 0];
    const columns = Float64Array.from({ length: k }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += this.positive[i * k + j]! + this.negative[i * k + j]!;
      return sum;
    });
    const x = new Float64Array(k);
    for (let p = 0; p < n; p++) {
      for (let j = 0; j < k; j++) x[j] = X[j * n + p]!;
      const { volts, full } = this.driven(x);
      for (let j = 0; j < k; j++) {
        joules += columns[j]! * volts[j]! ** 2;
        coulombs += columns[j]! * Math.abs(volts[j]!);
      }
      const read = this.digital(this.outputs(volts));
      for (let i = 0; i < m; i++) out[i * n + p] = read[i]! * this.feedback * (full / design.v_in);
    }
    this.enter(ledger, n, joules, coulombs);
    return out;
  }

  /** What one vector's outputs do. */
  settling(x: Float64Array): Settling {
    return { rest: this.outputs(this.driven(x).volts), rates: this.rates, read: this.seconds };
  }

  /** Volts of the DACs, whose full scale is the vector's largest number. */
  private driven(x: Float64Array): { volts: Float64Array; full: number } {
    const { v_in, dac_bits } = this.design;
    const volts = x.map((v, j) => (this.scale[j]! > 0 ? v / this.scale[j]! : 0));
    const peak = volts.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const full = peak || 1;
    const step = dac_bits === null ? 0 : peak / (2 ** (dac_bits - 1) - 1);
    const rounded = (v: number) => (dac_bits === null ? v : step > 0 ? rint(v / step) * step : 0);
    return { volts: volts.map((v) => rounded(v) * (v_in / full)), full };
  }

  /** Volts of the op-amps at rest. */
  private outputs(volts: Float64Array): Float64Array {
    const { m, k } = this;
    const gain = this.design.gain ?? Infinity;
    return Float64Array.from({ length: m }, (_, i) => {
      let drawn = 0;
      for (let j = 0; j < k; j++) drawn += (this.positive[i * k + j]! - this.negative[i * k + j]!) * volts[j]!;
      return drawn / (this.feedback + this.tied[i]! / gain);
    });
  }

  /** What the ADCs read, at the finest range that holds the largest output. */
  private digital(volts: Float64Array): Float64Array {
    const { adc_bits, adc_ranges, v_out } = this.design;
    if (adc_bits === null) return volts;
    const most = 2 ** (adc_bits - 1) - 1;
    const peak = volts.reduce((p, v) => Math.max(p, Math.abs(v)), 0);
    const halvings = Math.min(Math.max(Math.floor(Math.log2(peak > 0 ? v_out / peak : 1)), 0), adc_ranges);
    const step = v_out / 2 ** halvings / most;
    return volts.map((v) => Math.sign(v) * Math.min(rint(Math.abs(v) / step), most) * step);
  }

  private enter(ledger: Ledger, n: number, joules: number, coulombs: number): void {
    const { m, k, seconds, design } = this;
    const events: Ledger = {
      solves: n,
      settle_seconds: n * seconds,
      amplifier_cycles: n * seconds * m * design.bandwidth,
      array_joules: seconds * joules,
      input_coulombs: seconds * coulombs,
      dac_conversions: n * k,
      adc_conversions: n * m,
      bytes_read: (n * k * (design.dac_bits ?? BITS_WITHOUT)) / 8,
      bytes_written: (n * m * (design.adc_bits ?? BITS_WITHOUT)) / 8,
    };
    for (const [event, count] of Object.entries(events)) ledger[event] = (ledger[event] ?? 0) + count;
  }
}
