/** Pieces of a bill that a factorization and a use share: knobs, what they replace, the table of parts. */

import data from "../data/cost.json";
import type { CostData, CostPart, CostRequest, Interval, Technology } from "../core/cost";
import { Choice, Slider } from "../ui/controls";
import { duration, plain, quantity } from "../units";

export const DATA = data as unknown as CostData;

/** What every bill's state holds. */
export interface BillState {
  workload: string;
  technology: string;
  ports: string;
  write: string;
  pulse: number;
  memory: number;
}

interface Knob {
  state: BillState;
  change: (changes: Partial<BillState>) => void;
}

export function technologyOf(s: BillState): Technology {
  return DATA.technologies[s.technology]!;
}

/** Numbers of the technology that sliders replace. */
export function numbersOf(s: BillState): CostRequest["numbers"] {
  const t = technologyOf(s);
  const numbers: CostRequest["numbers"] = {};
  if (s.pulse > 0) {
    numbers.pulse_seconds = s.pulse;
    numbers.pulse_joules = (t.pulse_joules![1] / t.pulse_seconds![1]) * s.pulse; // the same power
  }
  if (s.memory > 0) numbers.memory_seconds_per_byte = s.memory;
  return numbers;
}

export function writingOf(s: BillState): Pick<CostRequest, "write" | "ports"> {
  return { write: s.write as CostRequest["write"], ports: s.ports === "assumed" ? null : (s.ports as CostRequest["ports"]) };
}

/** Options of `mho cost` for the technology and how it is written. */
export function billOptions(s: BillState): string[] {
  const { write, ports } = writingOf(s);
  return [`--technology ${s.technology}`, `--write ${write}`, ...(ports ? [`--write-ports ${ports}`] : [])];
}

/** Technology with what sliders replace, as Python. */
export function technologyLiteral(s: BillState): string {
  const numbers = Object.entries(numbersOf(s)).map(([name, v]) => `${name}=${v}`);
  return `cost.technology("${s.technology}")${numbers.length ? `.with_(${numbers.join(", ")})` : ""}`;
}

export function writingLiteral(s: BillState): string {
  const { write, ports } = writingOf(s);
  return `write="${write}", ports=${ports ? `"${ports}"` : "None"}`;
}

export function WorkloadKnob({ state: s, change }: Knob) {
  const titles = [
    ...Object.entries(DATA.workloads).map(([name, w]) => [name, w.title] as const),
    ...Object.entries(DATA.uses).map(([name, u]) => [name, `${name}, programmed once: ${u.size}`] as const),
  ];
  return <Choice label="Workload" value={s.workload} of={titles} onChange={(workload) => change({ workload })} />;
}

export function TechnologyKnob({ state: s, change }: Knob) {
  return <Choice label="Technology" value={s.technology} of={Object.keys(DATA.technologies).map((n) => [n, n] as const)} onChange={(technology) => change({ technology })} />;
}

export function WritingKnobs({ state: s, change }: Knob) {
  const assumed = technologyOf(s).pulse_seconds![1];
  return (
    <>
      <Choice
        label="Write ports"
        value={s.ports}
        of={[["assumed", "assumed: one a tile, with bounds"], ["solver", "one a solver"], ["tile", "one a tile"], ["array", "one an array"]]}
        onChange={(ports) => change({ ports })}
      />
      <Choice label="At a time" value={s.write} of={[["row", "a row of cells"], ["serial", "one cell"]]} onChange={(write) => change({ write })} />
      <Slider label="Write pulse" value={s.pulse} least={1e-8} most={1e-5} zero={0} log show={(v) => (v ? quantity(v, "s") : `${quantity(assumed, "s")}, as assumed`)} onChange={(pulse) => change({ pulse })} />
    </>
  );
}

export function MemoryKnob({ state: s, change }: Knob) {
  const assumed = 1 / technologyOf(s).memory_seconds_per_byte![1];
  return (
    <Slider
      label="Bandwidth"
      value={s.memory ? 1 / s.memory : 0}
      least={1e9}
      most={1e13}
      zero={0}
      log
      show={(v) => (v ? quantity(v, "B/s") : `${quantity(assumed, "B/s")}, as assumed`)}
      onChange={(v) => change({ memory: v ? 1 / v : 0 })}
    />
  );
}

export function bounds(r: Interval, show: (v: number) => string): string {
  return r[0] === r[2] ? show(r[1]) : `${show(r[1])} (${show(r[0])} to ${show(r[2])})`;
}

/** A table that scrolls by itself, the first cell of a row its name. */
export function Table({ name, head, rows }: { name: string; head: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={name}>
      <table>
        <thead>
          <tr>{head.map((text) => <th key={text} scope="col">{text}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row[0]}>{row.map((text, i) => <td key={i}>{text}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Parts({ parts, seconds, joules }: { parts: readonly CostPart[]; seconds: number; joules: number }) {
  const rows = parts.map((p) => [
    p.name,
    p.seconds[1] ? duration(p.seconds[1]) : "–",
    share(p.seconds[1], seconds),
    quantity(p.joules[1], "J"),
    share(p.joules[1], joules),
  ]);
  return <Table name="Parts of the bill" head={["part", "time", "share of time", "energy", "share of energy"]} rows={rows} />;
}

function share(part: number, whole: number): string {
  return part > 0 ? `${plain((100 * part) / whole, 2)} %` : "–";
}
