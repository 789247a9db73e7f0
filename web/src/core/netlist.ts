/** A circuit as an ngspice netlist, line for line as `mho.spice.netlist` writes it. */

import type { Circuit, ClassicCircuit, CompactCircuit, EgvCircuit, GramCircuit, InvCircuit, MvmCircuit, OpAmp, Rows, Wires } from "./circuit";

const STAGE_SIEMENS = 1e-3;
const RAIL = 100;
const CLAMP_STIFFNESS = 100;
const OPTIONS = ".options method=gear reltol=1e-6 abstol=1e-15 vntol=1e-10 chgtol=1e-20";

const heading = (text: string) => ["", `* --- ${text} ---`];
const sum = (a: readonly number[]) => a.reduce((s, v) => s + v, 0);
const columnSums = (g: Rows) => g[0]!.map((_, j) => sum(g.map((row) => row[j]!)));

/** The transient from zero of one right-hand side, volts; length and longest step in seconds. */
export function netlist(circuit: Circuit, volts: readonly number[], duration: number, step: number, title: string): string {
  const outputs = outputNames(circuit);
  const sensed = circuit.topology !== "mvm" && circuit.topology !== "egv";
  const shown = outputs.flatMap((x) => (sensed ? [x, `s${x.slice(1)}`] : [x]));
  return [
    title.replace(/\s+/g, " "),
    ...parameters(circuit),
    ...elements(circuit, volts),
    ...heading("Analysis: transient from all amplifiers at zero"),
    OPTIONS,
    ...shown.map((node) => `.save v(${node})`),
    `.tran ${step} ${duration} 0 ${step} uic`,
    ".end",
    "",
  ].join("\n");
}

export function outputNames(circuit: Circuit): string[] {
  if (circuit.topology === "mvm") return circuit.g.map((_, i) => `y${i}`);
  return Array.from({ length: columnsOf(circuit) }, (_, j) => `x${j}`);
}

function columnsOf(circuit: Exclude<Circuit, MvmCircuit>): number {
  switch (circuit.topology) {
    case "gram": return circuit.g_gram.length;
    case "inv": case "egv": return circuit.g_positive.length;
    default: return circuit.g_left[0]!.length;
  }
}

function clampSiemens(circuit: Circuit): number {
  switch (circuit.topology) {
    case "gram": return CLAMP_STIFFNESS * Math.max(...circuit.g_gram.map((row) => sum(row) + circuit.g_in));
    case "mvm": return CLAMP_STIFFNESS * Math.max(...circuit.g.map((row) => sum(row) + circuit.g_feedback));
    case "inv": return CLAMP_STIFFNESS * Math.max(...pairSums(circuit).map((g, i) => g + circuit.g_in + circuit.g_ground[i]!));
    case "egv": return CLAMP_STIFFNESS * Math.max(...pairSums(circuit).map((g) => g + circuit.g_feedback));
    default: return CLAMP_STIFFNESS * Math.max(...columnSums(circuit.g_right));
  }
}

function pairSums(circuit: InvCircuit | EgvCircuit): number[] {
  return circuit.g_positive.map((row, i) => sum(row) + sum(circuit.g_negative[i]!));
}

function parameters(circuit: Circuit): string[] {
  const { opamp } = circuit;
  const own =
    circuit.topology === "mvm" || circuit.topology === "egv"
      ? ["* g_feedback: feedback conductance of a row amplifier", `.param g_feedback=${circuit.g_feedback}`]
      : ["* g_in: input conductance of a row", `.param g_in=${circuit.g_in}`];
  const named: [string, number | null, string][] = [
    ["gain", opamp.gain, "of an op-amp, at zero frequency"],
    ["bandwidth", opamp.bandwidth, "of an op-amp, gain times frequency, hertz"],
    ["slew_rate", opamp.slew_rate, "of an op-amp, volts per second"],
    ["v_max", opamp.v_max, "rail of an op-amp, volts"],
    ["second_pole", opamp.second_pole, "of the output stage of an op-amp, hertz"],
    ["g_clamp", clampSiemens(circuit), "diode path of a rectifying op-amp"],
    ["g_stage", STAGE_SIEMENS, "transconductance of an op-amp's stage; any value gives the same circuit"],
  ];
  return [
    ...heading("Parameters: siemens, volts per volt, hertz"),
    ...own,
    ...named.flatMap(([name, value, meaning]) => (value === null ? [] : [`* ${name}: ${meaning}`, `.param ${name}=${value}`])),
    "* c_pole: g_stage over 2 pi bandwidth, farads",
    ".param c_pole={g_stage/(6.283185307179586*bandwidth)}",
  ];
}

function elements(circuit: Circuit, volts: readonly number[]): string[] {
  switch (circuit.topology) {
    case "compact": return compact(circuit, volts);
    case "classic": return classic(circuit, volts);
    case "gram": return gram(circuit, volts);
    case "mvm": return mvm(circuit, volts);
    case "inv": return inv(circuit, volts);
    case "egv": return egv(circuit);
  }
}

const INPUTS = "Inputs: minus the right-hand side, behind the input conductance of each row";

function sources(volts: readonly number[], row: string): string[] {
  return volts.flatMap((v, i) => [`Vb${i} b${i} 0 ${-v}`, `Rin${i} b${i} ${row}${i} {1/g_in}`]);
}

function array(name: string, siemens: Rows, ends: (i: number, j: number) => string): string[] {
  return siemens.flatMap((row, i) => row.flatMap((g, j) => (g > 0 ? [`R${name}${i}_${j} ${ends(i, j)} ${1 / g}`] : [])));
}

function compact(c: CompactCircuit, volts: readonly number[]): string[] {
  const [m, k] = [c.g_left.length, c.g_left[0]!.length];
  const { wires } = c;
  const rowNode = (i: number, place: number) => (wires.row_ohms && place ? `r${i}_${place}` : `r${i}`);
  const ends = (column: string, i: number, place: number) => `${columnNode(wires, column, i)} ${rowNode(i, place)}`;
  const wired = Boolean(wires.row_ohms || wires.column_ohms || wires.driver_ohms || wires.sense_ohms);
  return [
    ...heading(INPUTS),
    ...sources(volts, "r"),
    ...heading("Row nodes float; compensation from row i to ground, ohms"),
    ...c.g_comp.flatMap((g, i) => (g > 0 ? [`Rcomp${i} ${rowNode(i, 2 * k - 1)} 0 ${1 / g}`] : [])),
    ...heading("Driving array: column output j to row i, ohms"),
    ...array("l", c.g_left, (i, j) => ends(`x${j}`, i, j)),
    ...heading("Sensing array: sense node j to row i, ohms"),
    ...array("r", c.g_right, (i, j) => ends(`s${j}`, i, k + j)),
    ...(wired ? wireLines(wires, m, k, rowNode) : []),
    ...currents(c.bias, "into the sense nodes", (j, amperes) => `Ibias${j} 0 s${j} ${amperes}`),
    ...heading(`Op-amps: one pole, class-AB output from zero upwards, ${c.opamp.clamp} clamp`),
    ...subcircuit(c.opamp),
    ...c.offset.flatMap((volt, j) => instance(`${j}`, "0", `s${j}`, `x${j}`, volt)),
  ];
}

function currents(amperes: readonly number[], where: string, line: (j: number, a: number) => string): string[] {
  if (!amperes.some((a) => a !== 0)) return [];
  return [...heading(`Constant currents ${where}, amperes`), ...amperes.map((a, j) => line(j, a))];
}

function endOhms(wires: Wires, column: string): number {
  return column.startsWith("x") ? wires.driver_ohms : wires.sense_ohms;
}

function columnNode(wires: Wires, column: string, row: number): string {
  if (wires.column_ohms && row) return `${column}_${row}`;
  return endOhms(wires, column) ? `${column}_0` : column;
}

function wireLines(wires: Wires, m: number, k: number, rowNode: (i: number, place: number) => string): string[] {
  const lines = heading("Wires: segments between neighbouring cells, and the ends of the columns, ohms");
  if (wires.row_ohms)
    for (let i = 0; i < m; i++)
      for (let p = 1; p < 2 * k; p++) lines.push(`Rrow${i}_${p} ${rowNode(i, p - 1)} ${rowNode(i, p)} ${wires.row_ohms}`);
  for (const column of [..."xs"].flatMap((c) => Array.from({ length: k }, (_, j) => `${c}${j}`))) {
    if (endOhms(wires, column)) lines.push(`Rend_${column} ${column} ${column}_0 ${endOhms(wires, column)}`);
    if (wires.column_ohms)
      for (let i = 1; i < m; i++) {
        const lower = columnNode(wires, column, i);
        lines.push(`Rcol_${lower} ${columnNode(wires, column, i - 1)} ${lower} ${wires.column_ohms}`);
      }
  }
  return lines;
}

function classic(c: ClassicCircuit, volts: readonly number[]): string[] {
  return [
    ...heading(INPUTS),
    ...sources(volts, "r"),
    ...heading("First array: column output j to the input of row amplifier i, ohms"),
    ...array("l", c.g_left, (i, j) => `x${j} r${i}`),
    ...heading("Feedback of row amplifier i, ohms"),
    ...c.g_feedback.flatMap((g, i) => (g > 0 ? [`Rf${i} v${i} r${i} ${1 / g}`] : [])),
    ...heading("Second array: row output i to the input of column op-amp j, ohms"),
    ...array("r", c.g_right, (i, j) => `s${j} v${i}`),
    ...currents(c.bias, "out of the column inputs", (j, amperes) => `Ibias${j} s${j} 0 ${amperes}`),
    ...heading("Row amplifiers: one pole, of either sign"),
    ...subcircuit(c.opamp, true),
    ...c.row_offset.flatMap((volt, i) => instance(`_v${i}`, "0", `r${i}`, `v${i}`, volt, true)),
    ...heading(`Column op-amps: class-AB output from zero upwards, ${c.opamp.clamp} clamp`),
    ...subcircuit(c.opamp),
    ...c.offset.flatMap((volt, j) => instance(`${j}`, `s${j}`, "0", `x${j}`, volt)),
  ];
}

function gram(c: GramCircuit, volts: readonly number[]): string[] {
  return [
    ...heading(INPUTS),
    ...sources(volts, "s"),
    ...heading("Array: output j to the input of op-amp i, ohms"),
    ...array("g", c.g_gram, (i, j) => `x${j} s${i}`),
    ...heading(`Op-amps: one pole, class-AB output from zero upwards, ${c.opamp.clamp} clamp`),
    ...subcircuit(c.opamp),
    ...c.offset.flatMap((volt, j) => instance(`${j}`, "0", `s${j}`, `x${j}`, volt)),
  ];
}

function mvm(c: MvmCircuit, volts: readonly number[]): string[] {
  return [
    ...heading("Inputs: minus the vector"),
    ...volts.map((v, j) => `Vb${j} b${j} 0 ${-v}`),
    ...heading("Array: input j to row i, ohms"),
    ...array("g", c.g, (i, j) => `b${j} r${i}`),
    ...heading("Feedback of row amplifier i, ohms"),
    ...c.g.map((_, i) => `Rf${i} y${i} r${i} {1/g_feedback}`),
    ...heading("Row amplifiers: one pole, of either sign"),
    ...subcircuit(c.opamp, true),
    ...c.offset.flatMap((volt, i) => instance(`${i}`, "0", `r${i}`, `y${i}`, volt, true)),
  ];
}

function inv(c: InvCircuit, volts: readonly number[]): string[] {
  return [
    ...heading(INPUTS),
    ...sources(volts, "s"),
    ...heading("Arrays: output j, and its inverse, to the input of op-amp i, ohms"),
    ...array("p", c.g_positive, (i, j) => `x${j} s${i}`),
    ...array("n", c.g_negative, (i, j) => `u${j} s${i}`),
    ...c.g_ground.flatMap((g, i) => (g > 0 ? [`Rground${i} s${i} 0 ${1 / g}`] : [])),
    ...withInverters(c, ["s", "x", "u"], "g_in"),
  ];
}

function egv(c: EgvCircuit): string[] {
  return [
    ...heading("Arrays: inverter j, and amplifier j, to the input of amplifier i, ohms"),
    ...array("p", c.g_positive, (i, j) => `x${j} r${i}`),
    ...array("n", c.g_negative, (i, j) => `y${j} r${i}`),
    ...heading("Feedback of amplifier i, ohms"),
    ...c.g_positive.map((_, i) => `Rf${i} y${i} r${i} {1/g_feedback}`),
    ...withInverters(c, ["r", "y", "x"], "g_feedback"),
  ];
}

/** Op-amps from `into` to `output`, and inverters from there to `inverse`. */
function withInverters(c: InvCircuit | EgvCircuit, [into, output, inverse]: [string, string, string], conductance: string): string[] {
  return [
    ...heading("Op-amps and their inverters: one pole, of either sign"),
    ...subcircuit(c.opamp, true),
    ...c.offset.flatMap((volt, i) => [
      ...instance(`${i}`, "0", `${into}${i}`, `${output}${i}`, volt, true),
      `Rfrom${i} ${output}${i} n${i} {1/${conductance}}`,
      `Rback${i} ${inverse}${i} n${i} {1/${conductance}}`,
      ...instance(`_n${i}`, "0", `n${i}`, `${inverse}${i}`, 0, true),
    ]),
  ];
}

const SECOND_POLE = [
  "* second pole: a resistor and a capacitor, and a follower",
  "Rsecond limited second 1000.0",
  "Csecond second 0 {1/(6.283185307179586*1000.0*second_pole)} ic=0",
  "Eoutput output 0 second 0 1",
];

function subcircuit(opamp: OpAmp, bipolar = false): string[] {
  const railed = opamp.v_max !== null;
  const two = opamp.second_pole !== null;
  const lowest = bipolar ? (railed ? "-v_max" : "") : "0";
  const floored = lowest ? `max(V(pole),${lowest})` : "V(pole)";
  const most = "slew_rate*c_pole";
  return [
    `.subckt ${bipolar ? "opamp_bipolar" : "opamp_positive"} plus minus output`,
    "* one pole",
    opamp.slew_rate === null
      ? "Gstage 0 pole plus minus {g_stage}"
      : `Gstage 0 pole VALUE={min(max(g_stage*V(plus,minus),-${most}),${most})}`,
    "Rpole pole 0 {gain/g_stage}",
    "Cpole pole 0 {c_pole} ic=0",
    `E${two ? "limited limited" : "output output"} 0 VALUE={${railed ? `min(${floored},v_max)` : floored}}`,
    ...(two ? SECOND_POLE : []),
    ...(railed ? ["* the stage stops at a rail", `Ghigh pole 0 VALUE={${RAIL}*g_stage*max(V(pole)-v_max,0)}`] : []),
    ...(railed && bipolar ? [`Glow 0 pole VALUE={${RAIL}*g_stage*max(-V(pole)-v_max,0)}`] : []),
    ...(bipolar ? [] : clampLines(opamp)),
    ".ends",
  ];
}

function clampLines(opamp: OpAmp): string[] {
  return opamp.clamp === "rectifying"
    ? ["* rectifying clamp: below zero a diode path balances the inputs", "Gdiode minus plus VALUE={g_clamp*max(-V(pole),0)}"]
    : ["* single supply: the stage stops at zero, the input floats", `Glow 0 pole VALUE={${RAIL}*g_stage*max(-V(pole),0)}`];
}

/** The input that is at ground stands at the offset instead. */
function instance(name: string, plus: string, minus: string, output: string, offset: number, bipolar = false): string[] {
  const at = (node: string) => (offset && node === "0" ? `reference${name}` : node);
  return [
    ...(offset ? [`Voffset${name} reference${name} 0 ${offset}`] : []),
    `Xopamp${name} ${at(plus)} ${at(minus)} ${output} ${bipolar ? "opamp_bipolar" : "opamp_positive"}`,
  ];
}
