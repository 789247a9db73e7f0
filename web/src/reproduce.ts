/** The command and the Python lines that do the same as a view. */

import type { Changes } from "./backend/protocol";
import type { Rows, Topology } from "./core/circuit";

function literal(value: unknown): string {
  if (value === null) return 'float("inf")';
  return typeof value === "string" ? `"${value}"` : String(value);
}

export function matrixLiteral(rows: Rows): string {
  return `[\n${rows.map((row) => `    [${row.join(", ")}],`).join("\n")}\n]`;
}

/** `preset(name).with_(...)`; infinite values stand as null in a request, but for levels, whose null is None. */
export function designLiteral(preset: string, changes: Changes): string {
  const given = Object.entries(changes).map(([name, value]) => `${name}=${name === "levels" && value === null ? "None" : literal(value)}`);
  return `preset("${preset}").with_(${["dac_bits=None", "adc_bits=None", ...given].join(", ")})`;
}

export function benchPython(topology: Topology, A: Rows, b: readonly number[], preset: string, changes: Changes, seed: number): string {
  const made =
    topology === "compact"
      ? `array = Chip(design, seed=${seed}).program(A)\ncircuit, volts, units = as_circuit(array), array.volts(b), array.units_per_volt`
      : `chip = program_circuit("${topology}", A, design, seed=${seed})\ncircuit, volts, units = chip.circuit, chip.volts(b), chip.units_per_volt`;
  const names = topology === "compact" ? "Chip, as_circuit, preset" : "preset, program_circuit";
  const shown =
    topology === "mvm"
      ? "print(operating_point(circuit, volts) * units)  # the product"
      : "wave = transient(circuit, volts)\nprint(wave.rest() * units, wave.settling_time(0.01))  # the answer, seconds";
  const from = topology === "mvm" ? "from mho.circuits import operating_point" : "from mho.circuits.transient import transient";
  return `import numpy as np
from mho.chip import ${names}
${from}

A = np.array(${matrixLiteral(A)})
b = np.array([${b.join(", ")}])
design = ${designLiteral(preset, changes)}
${made}
${shown}
`;
}
