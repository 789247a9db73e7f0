/** A matrix programmed into a circuit, seed by seed the same chip as `mho.Chip` and `mho.chip.program_circuit` make. */

import { layout, pairs, write, Sites, type Conditions, type Device, type Layout, type Written } from "./cells";
import { flat, rowsOf, type Circuit, type OpAmp, type Rows, type Topology, type Wires } from "./circuit";
import { dominant, product, transposed, zeros } from "./linear";
import { Generator } from "./random";
import type { Kernels } from "./wasm";

/** A chip's design, as far as a circuit at rest or on its way there depends on it. */
export interface Design {
  device: Device;
  gain: number | null;
  bandwidth: number;
  offset: number;
  clamp: "rectifying" | "single-supply";
  slew_rate: number | null;
  v_max: number | null;
  second_pole: number | null;
  v_in: number;
  /** Range of the outputs. */
  v_out: number;
  columns: number;
  wires: Wires;
  conditions: Conditions;
}

export interface Programmed {
  circuit: Circuit;
  /** Input volts are this times the numbers that go in. */
  volts_per_unit: number | number[];
  /** The numbers that come out are this times the output volts. */
  units_per_volt: number[];
  /** Right-hand sides are multiplied by this first, digitally. */
  product: Rows | null;
}

const INFINITE_GAIN = 1e9;

export function program(kernels: Kernels, topology: Topology, A: Rows, design: Design, seed: number): Programmed {
  const make = (...seeds: (number | bigint)[]) => Generator.of(kernels, ...seeds);
  const rng = make(seed);
  return { compact, classic, gram, mvm, inv, egv }[topology](A, design, rng, make);
}

type Make = (...seeds: (number | bigint)[]) => Generator;

function opamp(design: Design): OpAmp {
  const { bandwidth, clamp, slew_rate, v_max, second_pole } = design;
  return { gain: Math.min(design.gain ?? Infinity, INFINITE_GAIN), bandwidth, clamp, slew_rate, v_max, second_pole };
}

function written(A: Rows, design: Design, rng: Generator, make: Make, columns: number): Written {
  return writtenAs(layout(flat(A), A.length, A[0]!.length, design.device), design, rng, make, columns);
}

function writtenAs(plan: Layout, design: Design, rng: Generator, make: Make, columns: number): Written {
  return write(plan, design.device, design.conditions, rng, new Sites(make, rng, columns));
}

function offsets(design: Design, count: number, rng: Generator): number[] {
  return [...rng.normal(count)].map((x) => design.offset * x);
}

function largestRowSum(A: Rows): number {
  return Math.max(...A.map((row) => row.reduce((s, a) => s + a, 0))) || 1;
}

/** The chip's own circuit, whose op-amps have their offsets before anything is written. */
function compact(A: Rows, design: Design, rng: Generator, make: Make): Programmed {
  const k = A[0]!.length;
  const offset = design.offset ? offsets(design, design.columns, rng).slice(0, k) : new Array<number>(k).fill(0);
  const c = written(A, design, rng, make, design.columns);
  const volts = design.v_in / largestRowSum(A);
  const gIn = design.device.g_max;
  return {
    circuit: {
      topology: "compact",
      g_left: rowsOf(c.left, k),
      g_right: rowsOf(c.right, k),
      g_comp: [...c.compensation],
      g_in: gIn,
      opamp: opamp(design),
      bias: new Array<number>(k).fill(0),
      offset,
      wires: design.wires,
    },
    volts_per_unit: volts,
    units_per_volt: [...c.scale].map((s) => s / (gIn * volts)),
    product: null,
  };
}

function classic(A: Rows, design: Design, rng: Generator, make: Make): Programmed {
  const [m, k] = [A.length, A[0]!.length];
  const c = written(A, design, rng, make, k);
  const volts = design.v_in / largestRowSum(A);
  const gIn = design.device.g_max;
  return {
    circuit: {
      topology: "classic",
      g_left: rowsOf(c.left, k),
      g_right: rowsOf(c.right, k),
      g_feedback: new Array<number>(m).fill(gIn),
      g_in: gIn,
      opamp: opamp(design),
      bias: new Array<number>(k).fill(0),
      row_offset: offsets(design, m, rng),
      offset: offsets(design, k, rng),
    },
    volts_per_unit: volts,
    units_per_volt: [...c.scale].map((s) => s / (gIn * volts)),
    product: null,
  };
}

function gram(A: Rows, design: Design, rng: Generator, make: Make): Programmed {
  const [m, k] = [A.length, A[0]!.length];
  const At = transposed(flat(A), m, k);
  const G = rowsOf(product(At, flat(A), k, m, k), k);
  const c = written(G, design, rng, make, k);
  const volts = design.v_in / largestRowSum(G);
  const gIn = design.device.g_max;
  return {
    circuit: { topology: "gram", g_gram: rowsOf(c.left, k), g_in: gIn, opamp: opamp(design), offset: offsets(design, k, rng) },
    volts_per_unit: volts,
    units_per_volt: [...c.scale].map((s) => s / (gIn * volts)),
    product: rowsOf(At, m),
  };
}

function mvm(A: Rows, design: Design, rng: Generator, make: Make): Programmed {
  const [m, k] = [A.length, A[0]!.length];
  const c = written(A, design, rng, make, k);
  const sums = zeros(m);
  for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) sums[i]! += c.left[i * k + j]!;
  const feedback = Math.max(...sums);
  const volts = design.v_in * Math.min(...c.scale);
  return {
    circuit: { topology: "mvm", g: rowsOf(c.left, k), g_feedback: feedback, opamp: opamp(design), offset: offsets(design, m, rng) },
    volts_per_unit: [...c.scale].map((s) => volts / s),
    units_per_volt: new Array<number>(m).fill(feedback / volts),
    product: null,
  };
}

function squareOf(A: Rows, design: Design, rng: Generator, make: Make, oneScale: boolean) {
  const k = A.length;
  const c = writtenAs(pairs(flat(A), k, k, design.device, oneScale), design, rng, make, k);
  const cells = rowsOf(c.left, k);
  return { scale: c.scale, g_positive: cells.slice(0, k), g_negative: cells.slice(k) };
}

function inv(A: Rows, design: Design, rng: Generator, make: Make): Programmed {
  const k = A.length;
  const { scale, ...cells } = squareOf(A, design, rng, make, false);
  const volts = design.v_in / largestRowSum(A.map((row) => row.map(Math.abs)));
  const gIn = design.device.g_max;
  return {
    circuit: { topology: "inv", ...cells, g_in: gIn, g_ground: new Array<number>(k).fill(0), opamp: opamp(design), offset: offsets(design, k, rng) },
    volts_per_unit: volts,
    units_per_volt: [...scale].map((s) => s / (gIn * volts)),
    product: null,
  };
}

/** Share by which the eigenvector loop's feedback is below the eigenvalue, and least spread of its offsets, volts. */
const MARGIN = 0.02;
const KICK = 1e-6;

function egv(A: Rows, design: Design, rng: Generator, make: Make): Programmed {
  const k = A.length;
  const { scale, ...cells } = squareOf(A, design, rng, make, true);
  const offset = offsets({ ...design, offset: Math.max(design.offset, KICK) }, k, rng);
  const largest = dominant(flat(A), k);
  if (!largest || largest.value <= 0)
    throw new Error(
      "the eigenvalue of largest size is not a single positive one: the loop grows along an eigenvector of a positive one " +
        "alone; add a multiple of the identity",
    );
  return {
    circuit: {
      topology: "egv",
      ...cells,
      g_feedback: (1 - MARGIN) * largest.value * Math.max(...scale),
      opamp: { ...opamp(design), v_max: design.v_out },
      offset,
    },
    volts_per_unit: 1,
    units_per_volt: new Array<number>(k).fill(1 / design.v_out),
    product: null,
  };
}

/** Input volts of a right-hand side, or of the vector that an open loop multiplies. */
export function inputVolts(p: Programmed, b: readonly number[]): number[] {
  const numbers = p.product ? p.product.map((row) => row.reduce((s, a, i) => s + a * b[i]!, 0)) : b;
  const scale = p.volts_per_unit;
  return numbers.map((x, i) => x * (typeof scale === "number" ? scale : scale[i]!));
}
