/** Circuits as JSON: conductances and op-amps as plain numbers, SI, named as in `mho.circuits`. */

export type Topology = "compact" | "classic" | "gram" | "mvm" | "inv" | "egv";
export type Clamp = "rectifying" | "single-supply";
export type Rows = number[][];

export interface OpAmp {
  gain: number;
  bandwidth: number;
  /** null: as fast as it likes. */
  slew_rate: number | null;
  /** null: no rails. */
  v_max: number | null;
  /** Of the output stage, hertz; null: there is none. */
  second_pole: number | null;
  clamp: Clamp;
}

export interface Wires {
  row_ohms: number;
  column_ohms: number;
  driver_ohms: number;
  sense_ohms: number;
}

export interface CompactCircuit {
  topology: "compact";
  g_left: Rows;
  g_right: Rows;
  g_comp: number[];
  g_in: number;
  opamp: OpAmp;
  bias: number[];
  offset: number[];
  wires: Wires;
}

export interface ClassicCircuit {
  topology: "classic";
  g_left: Rows;
  g_right: Rows;
  g_feedback: number[];
  g_in: number;
  opamp: OpAmp;
  bias: number[];
  offset: number[];
  row_offset: number[];
}

export interface GramCircuit {
  topology: "gram";
  g_gram: Rows;
  g_in: number;
  opamp: OpAmp;
  offset: number[];
}

export interface MvmCircuit {
  topology: "mvm";
  g: Rows;
  g_feedback: number;
  opamp: OpAmp;
  offset: number[];
}

/** Two square arrays for positive and negative entries; every op-amp has an inverter. */
interface SquareCircuit {
  g_positive: Rows;
  g_negative: Rows;
  opamp: OpAmp;
  offset: number[];
}

export interface InvCircuit extends SquareCircuit {
  topology: "inv";
  g_in: number;
  g_ground: number[];
}

export interface EgvCircuit extends SquareCircuit {
  topology: "egv";
  g_feedback: number;
}

export type Circuit = CompactCircuit | ClassicCircuit | GramCircuit | MvmCircuit | InvCircuit | EgvCircuit;

/** Number of input voltages. */
export function inputCount(circuit: Circuit): number {
  if (circuit.topology === "gram") return circuit.g_gram.length;
  if (circuit.topology === "mvm") return circuit.g[0]!.length;
  if (circuit.topology === "inv") return circuit.g_positive.length;
  if (circuit.topology === "egv") return 0;
  return circuit.g_left.length;
}

export function flat(rows: Rows): Float64Array<ArrayBuffer> {
  const width = rows[0]?.length ?? 0;
  const out = new Float64Array(rows.length * width);
  rows.forEach((row, i) => out.set(row, i * width));
  return out;
}

export function rowsOf(a: ArrayLike<number>, columns: number): Rows {
  return Array.from({ length: a.length / columns }, (_, i) => Array.from({ length: columns }, (_, j) => a[i * columns + j]!));
}
