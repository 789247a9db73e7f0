/** Device: what cells were asked for, what they conduct, and what each of their faults does to the answer. */

import { Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Backend, Changes, Programmed } from "../backend/protocol";
import { layout, moments } from "../core/cells";
import { flat, type Rows } from "../core/circuit";
import { designOf, type Presets } from "../core/design";
import { drawnCells, drawnInputs } from "../core/draw";
import { netlist } from "../core/netlist";
import { inputVolts } from "../core/program";
import presets from "../data/presets.json";
import { csv, png, save, svg, type Figure, type Line } from "../exports";
import { benchPython } from "../reproduce";
import { choice, number, type Fields } from "../state";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { duration, percent, plain } from "../units";
import type { ViewProps } from "./common";
import { useLive } from "./live";

const PRESETS = presets as unknown as Presets;

export const deviceFields = {
  preset: choice(Object.keys(PRESETS), "neurram"),
  levels: number(0, 0, 64),
  sigma: number(0.02, 0, 0.2),
  age: number(86400, 0, 2e9),
  kelvin: number(330, 250, 400),
  low: number(0, 0, 0.1),
  high: number(0.01, 0, 0.1),
  dead: number(0, 0, 0.1),
  m: number(32, 4, 128),
  k: number(4, 1, 8),
  data: number(1, 0, 99999),
  chip: number(7, 0, 99999),
} satisfies Fields;

type Props = ViewProps<typeof deviceFields>;

const TITLES: { [name: string]: string } = {
  ideal: "Ideal: any conductance, exact",
  "pku-2025": "pku-2025: 40 nm TaOx, 8 levels",
  "pku-2025-4bit": "pku-2025-4bit: the same, 16 levels",
  neurram: "neurram: HfOx, measured to 2 days",
  "milo-2021": "milo-2021: HfO₂, as written",
  "cmo-hfox": "cmo-hfox: CMO/HfOx, to 1 day",
  "rram-tech-c": "rram-tech-c: measured to 10⁵ s",
  "rram-tech-a": "rram-tech-a: bakes, on a 100 °C clock",
};

const CHIPS = 9;

function oldest(preset: string): number {
  const law = PRESETS[preset]!.device.relaxation;
  return law ? law.times[law.times.length - 1]! : 0;
}

function changesOf(s: Props["state"]): Required<Pick<Changes, "levels" | "sigma" | "age" | "kelvin" | "stuck_low" | "stuck_high" | "dead">> {
  const { device } = PRESETS[s.preset]!;
  return {
    levels: s.levels < 2 ? device.levels : s.levels,
    sigma: device.relaxation || s.preset === "ideal" ? 0 : s.sigma,
    age: Math.min(s.age, oldest(s.preset)),
    kelvin: s.kelvin,
    stuck_low: s.low,
    stuck_high: s.high,
    dead: s.dead,
  };
}

interface Effect {
  name: string;
  /** Median of some chips. */
  error: number;
}

interface Found {
  programmed: Programmed;
  volts: number[];
  A: Rows;
  b: number[];
  error: number;
  effects: Effect[];
}

async function find({ backend, state: s }: Props): Promise<Found> {
  const cells = drawnCells(s.m, s.k, s.data);
  const A = Array.from({ length: s.m }, (_, i) => cells.slice(i * s.k, (i + 1) * s.k).map((v) => v / 100));
  const b = drawnInputs(cells, s.m, s.k, s.data).map((v) => v / 100);
  const exact = (await backend.solve({ matrix: A, rhs: [b] })).answers[0]!;
  const all = changesOf(s);
  const programmed = await program(backend, A, s.preset, all, s.chip);
  const error = await errorOf(backend, programmed, b, exact);
  const calm = { ...all, age: 0, kelvin: PRESETS[s.preset]!.device.written_at, stuck_low: 0, stuck_high: 0, dead: 0 };
  const alone: [string, Changes][] = [
    ["written, at once", calm],
    ["with age", { ...calm, age: all.age }],
    ["with temperature", { ...calm, kelvin: all.kelvin }],
    ["with faults", { ...calm, stuck_low: s.low, stuck_high: s.high, dead: s.dead }],
    ["all together", all],
  ];
  const effects: Effect[] = [];
  for (const [name, changes] of alone) {
    const errors: number[] = [];
    for (let chip = 0; chip < CHIPS; chip++) {
      const made = await program(backend, A, s.preset, changes, s.chip + chip);
      errors.push(await errorOf(backend, made, b, exact).catch(() => Infinity));
    }
    effects.push({ name, error: errors.sort((x, y) => x - y)[(CHIPS - 1) / 2]! });
  }
  return { programmed, volts: inputVolts(programmed, b), A, b, error, effects };
}

function program(backend: Backend, matrix: Rows, preset: string, changes: Changes, seed: number): Promise<Programmed> {
  return backend.program({ matrix, topology: "compact", preset, changes, seed });
}

async function errorOf(backend: Backend, programmed: Programmed, b: readonly number[], exact: readonly number[]): Promise<number> {
  const { answers } = await backend.solve({ circuit: programmed.circuit, volts: [inputVolts(programmed, b)] });
  const x = answers[0]!.map((v, j) => v * programmed.units_per_volt[j]!);
  return Math.hypot(...x.map((v, j) => v - exact[j]!)) / (Math.hypot(...exact) || 1);
}

/** Targets and conductances of the driving and the sensing array, microsiemens. */
function cellsOf(found: Found, s: Props["state"]) {
  const { device } = designOf(PRESETS, s.preset, changesOf(s));
  const { target } = layout(flat(found.A), found.A.length, found.A[0]!.length, device);
  const c = found.programmed.circuit;
  if (c.topology !== "compact") throw new Error("the device view shows the compact circuit");
  const pairs = (g: Rows) => g.flat().map((v, e) => [1e6 * target[e]!, 1e6 * v] as const);
  return { left: pairs(c.g_left), right: pairs(c.g_right) };
}

function cellsFigure(found: Found, s: Props["state"], dark: boolean): Figure {
  const { left, right } = cellsOf(found, s);
  const colours = palette(dark);
  const { device, conditions } = designOf(PRESETS, s.preset, changesOf(s));
  const steps = Array.from({ length: 60 }, (_, i) => device.g_min + ((device.g_max - device.g_min) * i) / 59);
  const warm = 1 + device.temperature_slope * (conditions.kelvin - device.written_at);
  const law = steps.map((g) => (device.relaxation ? moments(device.relaxation, g, conditions.age) : [0, device.sigma * device.g_max])) as [number, number][];
  const x = steps.map((g) => 1e6 * g);
  const at = (sign: number) => steps.map((g, i) => 1e6 * Math.max((g + law[i]![0] + sign * law[i]![1]) * warm, 0));
  const dots = (label: string, pairs: readonly (readonly [number, number])[], colour: string): Line => {
    const sorted = [...pairs].sort((p, q) => p[0] - q[0]);
    return { label, x: sorted.map((p, i) => p[0] + i * 1e-9), y: sorted.map((p) => p[1]), colour, dots: true };
  };
  const measured = device.relaxation ? "mean and spread, measured" : "mean and spread of writing";
  return {
    title: `Cells ${conditions.age ? `${duration(conditions.age)} after writing` : "just written"}; lines: ${measured}`,
    xLabel: "asked for, µS",
    yLabel: "conducts, µS",
    lines: [
      { label: "mean", x, y: at(0), colour: colours[2]! },
      { label: "spread", x, y: at(-1), colour: colours[2]!, dashed: true },
      { label: "", x, y: at(1), colour: colours[2]!, dashed: true },
      dots("driving", left, colours[0]!),
      dots("sensing", right, colours[1]!),
    ],
  };
}

export function Device(props: Props) {
  const { state: s, scheme } = props;
  const live = useLive(JSON.stringify(s), () => find(props));
  const [said, say] = useState<string | null>(null);
  const found = live.answer;
  const current = found && found.A.length === s.m && found.A[0]!.length === s.k ? found : null;
  const figure = useMemo(() => current && cellsFigure(current, s, scheme === "dark"), [current, scheme]);
  return (
    <>
      <h1>Device: what cells make of the answer</h1>
      <p class="lead">
        A number is written as a conductance, and the cell misses it: when it is written, as it ages, while it is warm, or because it is
        faulty. Each dot is one cell of the array; below is what that does to the answer.
      </p>
      <Problem text={said ?? live.problem} />
      <div class="two">
        <Knobs {...props} />
        <div>
          {figure && <Plot figure={figure} description={`${figure.title}. Error of the answer ${percent(current!.error)}.`} scheme={scheme} height={360} />}
          {current && <Results {...props} found={current} figure={figure!} say={say} />}
        </div>
      </div>
    </>
  );
}

function Knobs({ state: s, change }: Props) {
  const { device } = PRESETS[s.preset]!;
  const last = oldest(s.preset);
  return (
    <div>
      <Group title="Cells">
        <Choice
          label="Device"
          value={s.preset}
          of={Object.keys(PRESETS).map((name) => [name, TITLES[name] ?? name] as const)}
          onChange={(preset) => change({ preset, levels: 0, age: 0 })}
        />
        <Slider label="Levels" value={s.levels} least={0} most={64} show={(v) => (v < 2 ? (device.levels === null ? "any" : `${device.levels}, its own`) : String(v))} onChange={(levels) => change({ levels: levels === 1 ? 2 : levels })} />
        {!device.relaxation && s.preset !== "ideal" && (
          <Slider label="Sigma of writing" value={s.sigma} least={0} most={0.2} step={0.001} show={(v) => percent(v)} onChange={(sigma) => change({ sigma })} />
        )}
        {last > 0 ? (
          <Slider label="Age" value={Math.min(s.age, last)} least={1} most={last} zero={0} log show={(v) => (v ? duration(v) : "just written")} hint={`measured to ${duration(last)}`} onChange={(age) => change({ age })} />
        ) : (
          <p class="soft">Nothing is known of how this cell ages.</p>
        )}
        <Slider label="Temperature" value={s.kelvin} least={250} most={400} show={(v) => `${v} K`} hint={device.temperature_slope ? `${plain(100 * device.temperature_slope)} % per kelvin` : "no coefficient is known of this cell"} onChange={(kelvin) => change({ kelvin })} />
      </Group>
      <Group title="Faults">
        <Slider label="Stuck low" value={s.low} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(low) => change({ low })} />
        <Slider label="Stuck high" value={s.high} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(high) => change({ high })} />
        <Slider label="Dead" value={s.dead} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(dead) => change({ dead })} />
      </Group>
      <Group title="Array">
        <Slider label="Rows m" value={s.m} least={4} most={128} show={String} onChange={(m) => change({ m })} />
        <Slider label="Columns k" value={s.k} least={1} most={8} show={String} onChange={(k) => change({ k })} />
        <div class="row">
          <button type="button" onClick={() => change({ data: (s.data + 1) % 100000 })}>Another problem</button>
          <button type="button" onClick={() => change({ chip: (s.chip + 1) % 100000 })}>Another chip</button>
        </div>
      </Group>
    </div>
  );
}

function Results({ found, figure, state: s, say }: Props & { found: Found; figure: Figure; say: (text: string) => void }) {
  const most = Math.max(...found.effects.map((e) => (Number.isFinite(e.error) ? e.error : 0))) || 1;
  const changes = changesOf(s);
  const drawing = () => svg(cellsFigure(found, s, false));
  const table = () => {
    const { left, right } = cellsOf(found, s);
    const k = found.A[0]!.length;
    const place = (e: number) => [Math.floor(e / k) + 1, (e % k) + 1];
    const rows = (array: string, pairs: readonly (readonly [number, number])[]) => pairs.map(([t, g], e) => [array, ...place(e), t * 1e-6, g * 1e-6]);
    return csv(["array", "row", "column", "target, siemens", "conductance, siemens"], [...rows("driving", left), ...rows("sensing", right)]);
  };
  const record = {
    view: "device",
    program: { matrix: found.A, topology: "compact", preset: s.preset, changes, seed: s.chip },
    rhs: found.b,
    answer: { error: found.error, effects: found.effects },
  };
  return (
    <>
      <dl class="facts" aria-live="polite">
        <Fact name="error of the answer" value={percent(found.error)} />
        <Fact name="cells" value={String(2 * found.A.length * found.A[0]!.length)} />
      </dl>
      <h2>What each does to the answer</h2>
      <p class="soft">Error of the answer, the median of {CHIPS} chips, each cause alone on top of writing.</p>
      <div class="bars">
        {found.effects.map((e) => (
          <Fragment key={e.name}>
            <span>{e.name}</span>
            <span class="bar" style={{ width: `${Math.min(100, (100 * e.error) / most)}%` }} />
            <span>{Number.isFinite(e.error) ? percent(e.error) : "no rest"}</span>
          </Fragment>
        ))}
      </div>
      <Exports
        onProblem={say}
        items={[
          { name: "CSV", title: "Every cell", run: () => save("device.csv", table(), "text/csv") },
          { name: "SVG", title: figure.title, run: () => save("device.svg", drawing(), "image/svg+xml") },
          { name: "PNG", title: figure.title, run: async () => save("device.png", await png(drawing())) },
          { name: "JSON", title: "Request and answer", run: () => save("device.json", JSON.stringify(record, null, 1), "application/json") },
          { name: "Netlist", title: "The circuit for ngspice", run: () => save("device.cir", netlist(found.programmed.circuit, found.volts, 2e-6, 5e-9, `mho lab: ${s.preset}`)) },
        ]}
      />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python" text={benchPython("compact", found.A, found.b, s.preset, changes, s.chip)} />
        <Code title="Command, with the JSON of this view" text="mho lab --answer device.json" />
      </Group>
    </>
  );
}
