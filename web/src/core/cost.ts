/** From a ledger of events to seconds, joules and square metres: the arithmetic of `mho.cost`. */

/** Low, typical, high. */
export type Interval = [number, number, number];

export interface Ledger {
  [event: string]: number;
}

export interface Technology {
  [number: string]: Interval;
}

export interface CostRequest {
  workload: string;
  /** Rows of one array, one of those that the data have. */
  array_rows: number;
  technology: string;
  solvers: number;
  iterations: number;
  write: "row" | "serial";
  ports: "solver" | "tile" | "array" | null;
  /** Numbers of the technology that are replaced, SI. */
  numbers: { [name: string]: number };
}

export interface CostPart {
  name: string;
  writing: boolean;
  seconds: Interval;
  joules: Interval;
}

export interface CostPlatform {
  name: string;
  seconds: Interval;
  joules: Interval;
}

export interface CostAnswer {
  parts: CostPart[];
  areas: { name: string; square_metres: Interval }[];
  platforms: CostPlatform[];
}

/** What is written by Python for the page: numbers of every technology, and of one sweep of every workload. */
export interface CostData {
  technologies: { [name: string]: Technology };
  workloads: { [name: string]: { title: string; ledgers: { [rows: string]: Ledger }; fewest_solves: number; platforms: CostPlatform[] } };
  claims: { [workload: string]: { faster: number; saving: number; against: string } };
  uses: { [name: string]: UseData };
  /** What is beside the chip of a use: waking op-amps, and digital operations. */
  beside: { waking_seconds: Interval; operation_joules: Interval; operation_seconds: Interval };
}

/** A matrix that is programmed once, and one answer of it. */
export interface UseData {
  about: string;
  size: string;
  quality: string;
  met: boolean;
  matrices: number;
  solves: number;
  work: { flops: number; bytes_cached: number; bytes_uncached: number };
  /** Events that are none are left out. */
  programmed: Ledger;
  answered: Ledger;
  answers_per_day: number;
  /** Rewrites a day by the cells, or why these are never good enough. */
  rewrites: { [cells: string]: Interval | string };
  beside: string;
  platforms: CostPlatform[];
}

export const exact = (v: number): Interval => [v, v, v];
export const plus = (...all: Interval[]): Interval => [0, 1, 2].map((e) => all.reduce((s, r) => s + r[e as 0]!, 0)) as Interval;
export const times = (...all: Interval[]): Interval => [0, 1, 2].map((e) => all.reduce((s, r) => s * r[e as 0]!, 1)) as Interval;

export function scaled(r: Interval, by: number): Interval {
  return times(r, exact(by));
}

const TILE_ROWS = 128;
const IN_A_ROW = 3;
const PORTS = ["array", "tile", "solver"] as const;

/** Share of the steps that is left with so many write ports, write drivers, and compensation cells of a row. */
function writePorts(l: Ledger, request: Writing) {
  const tile = l.tile_pulses ? l.tile_pulses! / l.row_pulses! : 1;
  const shares: Interval = [tile / IN_A_ROW, tile, 1];
  const most = 2 * l.columns!;
  const needed = l.tiles ? l.row_extras! : most;
  const tiles = l.tiles || Math.ceil(l.rows! / TILE_ROWS);
  const drivers = [tiles * (most + needed), tiles * Math.max(l.columns!, needed), Math.max(l.columns!, needed)];
  const chosen = request.ports === null ? -1 : PORTS.indexOf(request.ports);
  return {
    steps: request.write === "row" ? l.row_pulses! : l.pulses!,
    share: chosen < 0 ? shares : exact(shares[chosen]!),
    drivers: chosen < 0 ? (drivers.slice().reverse() as Interval) : exact(drivers[chosen]!),
    extras: [needed, needed, Math.max(needed, most)] as Interval,
  };
}

export function cost(data: CostData, request: CostRequest): CostAnswer {
  const workload = data.workloads[request.workload];
  const technology = data.technologies[request.technology];
  if (!workload || !technology) throw new Error(`there is no workload ${request.workload} or technology ${request.technology}`);
  const ledger = workload.ledgers[request.array_rows];
  if (!ledger) throw new Error(`array_rows must be one of ${Object.keys(workload.ledgers).join(", ")}, got ${request.array_rows}`);
  if (request.solvers > workload.fewest_solves)
    throw new Error(`solvers must be at most ${workload.fewest_solves}, the right-hand sides, got ${request.solvers}`);
  const one = estimate(ledger, changed(technology, request.numbers), request);
  const many = (part: CostPart) => ({ ...part, seconds: scaled(part.seconds, request.iterations), joules: scaled(part.joules, request.iterations) });
  return {
    parts: one.parts.map(many),
    areas: one.areas,
    platforms: workload.platforms.map((p) => ({ ...p, seconds: scaled(p.seconds, request.iterations), joules: scaled(p.joules, request.iterations) })),
  };
}

/** Parts of what a chip does that is written already. */
export function estimated(ledger: Ledger, t: Technology): CostPart[] {
  const { parts } = estimate(ledger, t, { solvers: 1, write: "row", ports: "tile" });
  return parts.filter((part) => !part.writing);
}

export function changed(technology: Technology, numbers: CostRequest["numbers"]): Technology {
  return { ...technology, ...Object.fromEntries(Object.entries(numbers).map(([name, v]) => [name, exact(v)])) };
}

/** How arrays are written, and copies of the chip. */
export type Writing = Pick<CostRequest, "solvers" | "write" | "ports">;

export function estimate(l: Ledger, t: Technology, request: Writing): { parts: CostPart[]; areas: CostAnswer["areas"] } {
  const n = (name: string, sign = 1) => exact(sign * l[name]!);
  const each = (name: string) => t[name]!;
  const copies = exact(request.solvers);
  const shared = exact(1 / request.solvers);
  const ports = writePorts(l, request);
  const inTurn = times(exact(ports.steps), ports.share);
  const none = exact(0);
  const writing = (["pulse", "verify"] as const).map((event) => ({
    name: event === "pulse" ? "write pulses" : "verify reads",
    writing: true,
    seconds: times(inTurn, each(`${event}_seconds`)),
    joules: times(n("pulses"), copies, each(`${event}_joules`)),
  }));
  const solving = [
    { name: "word lines", seconds: none, joules: times(n("word_lines"), each("word_line_joules")) },
    { name: "DAC", seconds: times(n("solves"), shared, each("dac_seconds")), joules: times(n("dac_conversions"), each("dac_joules")) },
    { name: "arrays", seconds: times(n("settle_seconds"), shared), joules: n("array_joules") },
    {
      name: "input drivers",
      seconds: none,
      joules: plus(times(each("supply_volts"), n("input_coulombs")), n("array_joules", -1), n("load_joules")),
    },
    { name: "op-amp outputs", seconds: none, joules: plus(times(each("supply_volts"), n("load_coulombs")), n("load_joules", -1)) },
    { name: "op-amp bias", seconds: none, joules: times(n("amplifier_cycles"), each("amplifier_joules_per_cycle")) },
    { name: "ADC", seconds: times(n("solves"), shared, each("adc_seconds")), joules: times(n("adc_conversions"), each("adc_joules")) },
  ].map((part) => ({ ...part, writing: false }) as CostPart);
  const bytes = l.bytes_read! + l.bytes_written!;
  const moved = times(exact(bytes), each("memory_seconds_per_byte"));
  const busy = plus(...solving.map((p) => p.seconds));
  const low = Math.max(0, moved[0] - busy[0]);
  const typical = Math.max(low, moved[1] - busy[1]);
  const wait: Interval = [low, typical, Math.max(typical, moved[2] - busy[2])];
  const memory = { name: "memory", writing: false, seconds: wait, joules: times(exact(bytes), each("memory_joules_per_byte")) };
  return { parts: [...writing, ...solving, memory], areas: areas(l, t, copies, ports) };
}

function areas(l: Ledger, t: Technology, copies: Interval, ports: ReturnType<typeof writePorts>): CostAnswer["areas"] {
  const [rows, columns] = [exact(l.rows!), exact(l.columns!)];
  const amperes = t.output_amperes!;
  const stages = [amperes[2], amperes[1], amperes[0]].map((a) => Math.max(1, l.peak_amperes! / a)) as Interval;
  const each = (name: string, ...factors: Interval[]) => ({ name, square_metres: times(copies, ...factors) });
  return [
    each("cells", rows, plus(exact(2 * l.columns!), ports.extras), t.cell_area!),
    each("DAC", rows, t.dac_area!),
    each("op-amps", plus(times(columns, stages), exact(Math.max(0, l.opamps! - l.columns!))), t.amplifier_area!),
    each("ADC", columns, t.adc_area!),
    each("write drivers", ports.drivers, t.write_driver_area!),
  ];
}

/** Sum of some parts. */
export function total(parts: readonly CostPart[], what: "seconds" | "joules"): Interval {
  return plus(exact(0), ...parts.map((p) => p[what]));
}
