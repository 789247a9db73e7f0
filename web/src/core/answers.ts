/** From the events of a use to its bill: answers, rewrites, a battery, a fleet, what one settling replaces. */

import {
  changed, estimate, exact, scaled, times, total,
  type CostData, type CostPart, type CostPlatform, type CostRequest, type Interval, type Ledger, type Technology, type UseData,
} from "./cost";

export interface AnswersRequest {
  use: string;
  technology: string;
  numbers: CostRequest["numbers"];
  write: CostRequest["write"];
  ports: CostRequest["ports"];
  /** Preset whose cells drift. */
  cells: string;
  answers_per_day: number;
  watt_hours: number;
  fleet_per_day: number;
  pue: number;
}

export interface AnswersAnswer {
  /** Of one answer, with its share of the rewrites. */
  parts: CostPart[];
  areas: { name: string; square_metres: Interval }[];
  programming: { seconds: Interval; joules: Interval };
  most_per_day: number;
  rewrites_per_day: Interval;
  watts: Interval;
  replaced: { instructions: Interval; bytes: Interval };
  platforms: CostPlatform[];
  /** Fewest answers of one programming with which the chip takes less, typical; null: an answer alone takes more. */
  even: { name: string; fewest: number | null; standby_watts: number }[];
  batteries: { name: string; hours: Interval; share: Interval }[];
  fleets: { name: string; machines: number; watts: Interval; megawatt_hours: Interval }[];
}

const DAY = 86400;
const YEAR = 365.25;
const JOULES_PER_HOUR = 3600;
/** Numbers of float32 in one wide instruction. */
const LANES = 8;
const LARGEST = ["peak_amperes", "rows", "columns", "tiles", "row_extras", "opamps"];

/** The ends of a ratio: the least over the most, and so on; nothing over anything is nothing. */
export function over(a: Interval, b: Interval): Interval {
  const ratio = (x: number, y: number) => (x ? x / y : 0);
  return [ratio(a[0], b[2]), ratio(a[1], b[1]), ratio(a[2], b[0])];
}

export function answers(data: CostData, request: AnswersRequest): AnswersAnswer {
  const use = data.uses[request.use];
  const technology = data.technologies[request.technology];
  if (!use || !technology) throw new Error(`there is no use ${request.use} or technology ${request.technology}`);
  const often = use.rewrites[request.cells];
  if (often === undefined) throw new Error(`cells must be one of ${Object.keys(use.rewrites).join(", ")}, got ${request.cells}`);
  if (typeof often === "string") throw new Error(often);
  for (const name of ["answers_per_day", "watt_hours", "fleet_per_day"] as const)
    if (!(request[name] > 0 && request[name] < Infinity)) throw new Error(`${name} must be finite and above 0, got ${request[name]}`);
  if (!(request.pue >= 1)) throw new Error(`pue must be at least 1, got ${request.pue}`);
  const bill = new Bill(data, use, changed(technology, request.numbers), request, often);
  const parts = bill.parts(request.answers_per_day);
  const joules = total(parts, "joules");
  return {
    parts,
    areas: bill.areas(),
    programming: bill.programming,
    most_per_day: bill.mostPerDay(),
    rewrites_per_day: often,
    watts: scaled(joules, request.answers_per_day / DAY),
    replaced: replaced(use),
    platforms: use.platforms,
    even: use.platforms.map((p) => even(bill, joules, p, request.answers_per_day)),
    batteries: [{ name: "chip", joules }, ...use.platforms].map((p) => battery(p.name, p.joules, request)),
    fleets: [chips(bill, request), ...use.platforms.map((p) => machines(p, request))],
  };
}

/** The bill of one chip. */
class Bill {
  readonly programming: { seconds: Interval; joules: Interval };
  private readonly answering: CostPart[];
  private readonly rewriting: CostPart[];

  constructor(
    data: CostData,
    private readonly use: UseData,
    private readonly t: Technology,
    private readonly request: AnswersRequest,
    private readonly often: Interval,
  ) {
    const written = this.estimated(use.programmed).parts;
    this.programming = { seconds: total(written, "seconds"), joules: total(written, "joules") };
    this.rewriting = ([["rewriting", true], ["calibration", false]] as const).map(([name, writing]) => {
      const those = written.filter((p) => p.writing === writing);
      return { name, writing: true, seconds: total(those, "seconds"), joules: total(those, "joules") };
    });
    const { answered } = use;
    const bias = times(exact(use.matrices * Math.max(answered.opamps ?? 0, answered.columns!)), t.amplifier_joules_per_cycle!);
    const waking = data.beside.waking_seconds;
    const operations = exact(answered.operations ?? 0);
    this.answering = [
      ...this.estimated(answered).parts.filter((p) => !p.writing),
      { name: "waking", writing: false, seconds: waking, joules: times(bias, t.bandwidth!, waking) },
      {
        name: "digital operations", writing: false,
        seconds: times(operations, data.beside.operation_seconds), joules: times(operations, data.beside.operation_joules),
      },
    ];
  }

  private estimated(events: Ledger) {
    return estimate({ ...NONE, ...events }, this.t, { solvers: 1, write: this.request.write, ports: this.request.ports });
  }

  get answerJoules(): Interval {
    return total(this.answering, "joules");
  }

  mostPerDay(): number {
    const written = this.often[1];
    const left = DAY - written * this.programming.seconds[1];
    if (left <= 0)
      throw new Error(`cells cannot be rewritten ${digits(written)} times a day: one programming takes ${digits(this.programming.seconds[1])} s, so that no time to answer is left`);
    return left / total(this.answering, "seconds")[1];
  }

  /** Of one answer, where one chip gives so many a day. */
  parts(perDay: number): CostPart[] {
    const most = this.mostPerDay();
    if (perDay > most)
      throw new Error(`one chip cannot answer ${digits(perDay)} times a day: at most ${digits(most)} times; share the answers between more chips`);
    const each = scaled(this.often, 1 / perDay);
    const share = this.rewriting.map((p) => ({ ...p, seconds: times(p.seconds, each), joules: times(p.joules, each) }));
    return [...this.answering, ...(this.often[2] ? share : [])];
  }

  areas() {
    const held: Ledger = { ...NONE, ...this.use.programmed };
    for (const name of LARGEST) held[name] = Math.max(held[name]!, this.use.answered[name] ?? 0);
    return this.estimated(held).areas.map((a) => ({ ...a, square_metres: scaled(a.square_metres, this.use.matrices) }));
  }
}

const NONE: Ledger = Object.fromEntries(
  (
    "pulses row_pulses tile_pulses solves settle_seconds amplifier_cycles array_joules load_joules load_coulombs input_coulombs " +
    "dac_conversions adc_conversions word_lines bytes_read bytes_written operations peak_amperes rows columns tiles row_extras opamps"
  ).split(" ").map((name) => [name, 0]),
);

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function replaced({ work, solves }: UseData) {
  const fused = work.flops / 2 / solves;
  return {
    instructions: [fused / LANES, fused, 3 * fused] as Interval,
    bytes: [work.bytes_cached / solves, work.bytes_cached / solves, work.bytes_uncached / solves] as Interval,
  };
}

function even(bill: Bill, joules: Interval, platform: CostPlatform, perDay: number) {
  const left = platform.joules[1] - bill.answerJoules[1];
  return {
    name: platform.name,
    fewest: left > 0 ? bill.programming.joules[1] / left : null,
    standby_watts: Math.max(0, ((platform.joules[1] - joules[1]) * perDay) / DAY),
  };
}

function battery(name: string, joules: Interval, r: AnswersRequest) {
  const held = r.watt_hours * JOULES_PER_HOUR;
  const daily = scaled(joules, r.answers_per_day);
  return { name, hours: over(exact(24 * held), daily), share: scaled(daily, 1 / held) };
}

function fleet(name: string, count: number, watts: Interval) {
  return { name, machines: count, watts, megawatt_hours: scaled(watts, (24 * YEAR) / 1e6) };
}

function chips(bill: Bill, r: AnswersRequest) {
  const count = Math.max(1, Math.ceil(r.fleet_per_day / bill.mostPerDay()));
  return fleet("chip", count, scaled(total(bill.parts(r.fleet_per_day / count), "joules"), (r.fleet_per_day / DAY) * r.pue));
}

function machines(p: CostPlatform, r: AnswersRequest) {
  const rate = r.fleet_per_day / DAY;
  return fleet(p.name, Math.max(1, Math.ceil(rate * p.seconds[1])), scaled(p.joules, rate * r.pue));
}
