/** Presets as Python wrote them for the page, with a request's changes. */

import type { Changes } from "../backend/protocol";
import type { Device } from "./cells";
import type { Design } from "./program";

export interface Preset {
  device: Device;
  gain: number | null;
  bandwidth: number;
  offset: number;
  second_pole: number | null;
  clamp: "rectifying" | "single-supply";
  v_in: number;
  v_out: number;
  columns: number;
  dac_bits: number | null;
  adc_bits: number | null;
  adc_ranges: number;
  age: number;
  kelvin: number;
}

export interface Presets {
  [name: string]: Preset;
}

const DEVICE = ["g_min", "g_max", "levels", "sigma", "temperature_slope", "temperature_spread", "stuck_low", "stuck_high", "dead"] as const;

/** The design that a preset is with some values changed. */
export function designOf(presets: Presets, name: string, changes: Changes): Design {
  const preset = presets[name];
  if (!preset) throw new Error(`there is no chip preset '${name}'; there are: ${Object.keys(presets).join(", ")}`);
  const device = { ...preset.device } as Device;
  for (const key of DEVICE) if (changes[key] !== undefined) Object.assign(device, { [key]: changes[key] });
  if (device.relaxation && device.sigma) throw new Error(`sigma must be 0 for ${name}, whose relaxation has the error of writing`);
  if (!(device.g_max > device.g_min)) throw new Error(`g_max must be above g_min, ${device.g_min} S, got ${device.g_max} S`);
  return {
    device,
    gain: changes.gain === undefined ? preset.gain : changes.gain,
    bandwidth: changes.bandwidth ?? preset.bandwidth,
    offset: changes.offset ?? preset.offset,
    clamp: changes.clamp ?? preset.clamp,
    slew_rate: null,
    v_max: null,
    second_pole: changes.second_pole === undefined ? preset.second_pole : changes.second_pole,
    v_in: changes.v_in ?? preset.v_in,
    v_out: preset.v_out,
    columns: preset.columns,
    wires: {
      row_ohms: changes.row_ohms ?? 0,
      column_ohms: changes.column_ohms ?? 0,
      driver_ohms: changes.driver_ohms ?? 0,
      sense_ohms: changes.sense_ohms ?? 0,
    },
    conditions: { age: changes.age ?? preset.age, kelvin: changes.kelvin ?? preset.kelvin },
  };
}
