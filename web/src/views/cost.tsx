/** Cost: what a factorization takes on the chip, part by part, beside digital platforms. */

import { useMemo, useState } from "preact/hooks";
import data from "../data/cost.json";
import { cost, total, type CostAnswer, type CostData, type CostRequest, type Interval } from "../core/cost";
import { csv, png, save, svg, type Figure } from "../exports";
import { choice, number, type Fields } from "../state";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { duration, plain, quantity } from "../units";
import type { ViewProps } from "./common";
import { useLive } from "./live";

const DATA = data as unknown as CostData;
const ROWS = ["32", "64", "128", "256", "512", "1024"];

export const costFields = {
  workload: choice(Object.keys(DATA.workloads), "netflix"),
  technology: choice(Object.keys(DATA.technologies), "40nm"),
  solvers: number(1, 1, 1e6),
  iterations: number(10, 1, 1000),
  rows: choice(ROWS, "128"),
  ports: choice(["assumed", "solver", "tile", "array"]),
  write: choice(["row", "serial"]),
  pulse: number(0, 0, 1e-5),
  memory: number(0, 0, 1e-9),
  writing: choice(["counted", "left out"]),
  moving: choice(["counted", "left out"]),
  against: choice(Object.values(DATA.workloads)[0]!.platforms.map((p) => p.name), "H100"),
} satisfies Fields;

type Props = ViewProps<typeof costFields>;

function requestOf(s: Props["state"]): CostRequest {
  const t = DATA.technologies[s.technology]!;
  const most = DATA.workloads[s.workload]!.fewest_solves;
  const numbers: { [name: string]: number } = {};
  if (s.pulse > 0) {
    numbers.pulse_seconds = s.pulse;
    numbers.pulse_joules = (t.pulse_joules![1] / t.pulse_seconds![1]) * s.pulse; // the same power
  }
  if (s.memory > 0) numbers.memory_seconds_per_byte = s.memory;
  return {
    workload: s.workload,
    array_rows: Number(s.rows),
    technology: s.technology,
    solvers: Math.min(Math.round(s.solvers), most),
    iterations: Math.round(s.iterations),
    write: s.write as CostRequest["write"],
    ports: s.ports === "assumed" ? null : (s.ports as CostRequest["ports"]),
    numbers,
  };
}

/** The parts that are counted. */
function counted(answer: CostAnswer, s: Props["state"]) {
  return answer.parts.filter((p) => (s.writing === "counted" || !p.writing) && (s.moving === "counted" || p.name !== "memory"));
}

interface Ratio {
  faster: Interval;
  saving: Interval;
}

/** Of a platform over the chip: ends are unkindest, typical and kindest to the chip. */
function ratio(platform: { seconds: Interval; joules: Interval }, seconds: Interval, joules: Interval): Ratio {
  const over = (a: Interval, b: Interval): Interval => [a[0] / b[2], a[1] / b[1], a[2] / b[0]];
  return { faster: over(platform.seconds, seconds), saving: over(platform.joules, joules) };
}

function ratiosFigure(s: Props["state"], dark: boolean): Figure {
  const { fewest_solves: most, platforms } = DATA.workloads[s.workload]!;
  const claim = DATA.claims[s.workload];
  const counts = [...new Set(Array.from({ length: 49 }, (_, i) => Math.round(most ** (i / 48))))];
  const index = platforms.findIndex((p) => p.name === s.against);
  const found = counts.map((solvers) => {
    const answer = cost(DATA, { ...requestOf(s), solvers });
    const parts = counted(answer, s);
    return ratio(answer.platforms[index]!, total(parts, "seconds"), total(parts, "joules"));
  });
  const [time, energy] = palette(dark) as [string, string];
  const flat = (v: number, colour: string, label: string) => ({ label, x: counts, y: counts.map(() => v), colour, dashed: true });
  return {
    title: `Times faster and times less energy than ${s.against}, typical numbers`,
    xLabel: "solvers side by side",
    yLabel: "ratio",
    logX: true,
    logY: true,
    lines: [
      { label: "faster", x: counts, y: found.map((r) => r.faster[1]), colour: time },
      { label: "saving", x: counts, y: found.map((r) => r.saving[1]), colour: energy },
      ...(claim ? [flat(claim.faster, time, `${claim.faster}x`), flat(claim.saving, energy, `${claim.saving}x`)] : []),
    ],
  };
}

export function CostView(props: Props) {
  const { state: s, scheme, backend } = props;
  const live = useLive(JSON.stringify(s), () => backend.cost(requestOf(s)));
  const [said, say] = useState<string | null>(null);
  const figure = useMemo(() => ratiosFigure(s, scheme === "dark"), [JSON.stringify(s), scheme]);
  return (
    <>
      <h1>Cost: time, energy and area</h1>
      <p class="lead">
        Every event of a factorization on the modelled chip is counted and multiplied by what such an event takes; digital platforms do the
        same arithmetic. Assumptions are sliders; typical numbers, with their bounds in brackets.
      </p>
      <Problem text={said ?? live.problem} />
      <div class="two">
        <Knobs {...props} />
        <div>
          {live.answer && <Results {...props} answer={live.answer} />}
          <Plot figure={figure} description={`${figure.title}, from 1 to ${DATA.workloads[s.workload]!.fewest_solves} solvers.`} scheme={scheme} height={280} />
          {live.answer && <Platforms {...props} answer={live.answer} />}
          {live.answer && <Actions {...props} answer={live.answer} figure={figure} say={say} />}
        </div>
      </div>
    </>
  );
}

function Knobs({ state: s, change }: Props) {
  const most = DATA.workloads[s.workload]!.fewest_solves;
  const t = DATA.technologies[s.technology]!;
  return (
    <div>
      <Group title="Work">
        <Choice label="Workload" value={s.workload} of={Object.entries(DATA.workloads).map(([name, w]) => [name, w.title] as const)} onChange={(workload) => change({ workload })} />
        <Slider label="Sweeps" value={s.iterations} least={1} most={1000} log show={(v) => plain(v)} hint="updates of both factors" onChange={(iterations) => change({ iterations: Math.round(iterations) })} />
      </Group>
      <Group title="Chip">
        <Choice label="Technology" value={s.technology} of={Object.keys(DATA.technologies).map((n) => [n, n] as const)} onChange={(technology) => change({ technology })} />
        <Slider label="Solvers side by side" value={Math.min(s.solvers, most)} least={1} most={most} log show={(v) => plain(v)} onChange={(v) => change({ solvers: Math.round(v) })} />
        <Choice label="Rows of one array (tile)" value={s.rows} of={ROWS.map((r) => [r, r] as const)} onChange={(rows) => change({ rows })} />
      </Group>
      <Group title="Writing">
        <Choice label="Writing is" value={s.writing} of={[["counted", "counted"], ["left out", "left out"]]} onChange={(writing) => change({ writing })} />
        <Choice
          label="Write ports"
          value={s.ports}
          of={[["assumed", "assumed: one a tile, with bounds"], ["solver", "one a solver"], ["tile", "one a tile"], ["array", "one an array"]]}
          onChange={(ports) => change({ ports })}
        />
        <Choice label="At a time" value={s.write} of={[["row", "a row of cells"], ["serial", "one cell"]]} onChange={(write) => change({ write })} />
        <Slider label="Write pulse" value={s.pulse} least={1e-8} most={1e-5} zero={0} log show={(v) => (v ? quantity(v, "s") : `${quantity(t.pulse_seconds![1], "s")}, as assumed`)} onChange={(pulse) => change({ pulse })} />
      </Group>
      <Group title="Memory beside the chip">
        <Choice label="Memory is" value={s.moving} of={[["counted", "counted"], ["left out", "left out"]]} onChange={(moving) => change({ moving })} />
        <Slider
          label="Bandwidth"
          value={s.memory ? 1 / s.memory : 0}
          least={1e9}
          most={1e13}
          zero={0}
          log
          show={(v) => (v ? quantity(v, "B/s") : `${quantity(1 / t.memory_seconds_per_byte![1], "B/s")}, as assumed`)}
          onChange={(v) => change({ memory: v ? 1 / v : 0 })}
        />
      </Group>
      <Group title="Beside it">
        <Choice label="Platform of the curve" value={s.against} of={DATA.workloads[s.workload]!.platforms.map((p) => [p.name, p.name] as const)} onChange={(against) => change({ against })} />
      </Group>
    </div>
  );
}

function bounds(r: Interval, show: (v: number) => string): string {
  return r[0] === r[2] ? show(r[1]) : `${show(r[1])} (${show(r[0])} to ${show(r[2])})`;
}

function Results({ answer, state: s }: Props & { answer: CostAnswer }) {
  const parts = counted(answer, s);
  const [seconds, joules] = [total(parts, "seconds"), total(parts, "joules")];
  const area = answer.areas.reduce((sum, a) => sum + a.square_metres[1], 0);
  return (
    <>
      <dl class="facts" aria-live="polite">
        <Fact name="time" value={duration(seconds[1])} />
        <Fact name="energy" value={quantity(joules[1], "J")} />
        <Fact name="mean power" value={quantity(joules[1] / seconds[1], "W")} />
        <Fact name="area" value={`${plain(area * 1e6)} mm²`} />
      </dl>
      <h2>What dominates</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Parts of the bill">
        <table>
          <thead>
            <tr>
              <th scope="col">part</th>
              <th scope="col">time</th>
              <th scope="col">share</th>
              <th scope="col">energy</th>
              <th scope="col">share</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((p) => (
              <tr key={p.name}>
                <td>{p.name}</td>
                <td>{p.seconds[1] ? duration(p.seconds[1]) : "–"}</td>
                <td>{share(p.seconds[1], seconds[1])}</td>
                <td>{quantity(p.joules[1], "J")}</td>
                <td>{share(p.joules[1], joules[1])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function share(part: number, whole: number): string {
  return part > 0 ? `${plain((100 * part) / whole, 2)} %` : "–";
}

function Platforms({ answer, state: s }: Props & { answer: CostAnswer }) {
  const parts = counted(answer, s);
  const claim = DATA.claims[s.workload];
  const [seconds, joules] = [total(parts, "seconds"), total(parts, "joules")];
  return (
    <>
      <h2>Beside digital platforms</h2>
      {claim && (
        <p class="soft">
          Published for this workload: {claim.faster} times faster and {plain(claim.saving)} times less energy than {claim.against}, which
          does not say what was counted.
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="Digital platforms">
        <table>
          <thead>
            <tr>
              <th scope="col">platform</th>
              <th scope="col">time</th>
              <th scope="col">energy</th>
              <th scope="col">chip faster</th>
              <th scope="col">chip saves</th>
              {claim && <th scope="col">both as published?</th>}
            </tr>
          </thead>
          <tbody>
            {answer.platforms.map((p) => {
              const r = ratio(p, seconds, joules);
              return (
                <tr key={p.name}>
                  <td>{p.name}</td>
                  <td>{duration(p.seconds[1])}</td>
                  <td>{quantity(p.joules[1], "J")}</td>
                  <td>{bounds(r.faster, (v) => `${plain(v, 2)}×`)}</td>
                  <td>{bounds(r.saving, (v) => `${plain(v, 2)}×`)}</td>
                  {claim && <td>{verdict(r, claim)}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}

function verdict(r: Ratio, claim: { faster: number; saving: number }) {
  if (r.faster[1] >= claim.faster && r.saving[1] >= claim.saving) return <span class="yes">yes</span>;
  return r.faster[2] >= claim.faster && r.saving[2] >= claim.saving ? "at the kindest ends" : "no";
}

function commandOf(s: Props["state"]): string {
  const r = requestOf(s);
  const name = s.workload === "512x512 image" ? "512x512 --k 16" : s.workload;
  const options = [`--technology ${r.technology}`, `--iterations ${r.iterations}`, `--solvers ${r.solvers}`, `--write ${r.write}`];
  if (r.array_rows !== 128) options.push(`--array ${r.array_rows}x128`);
  if (r.ports) options.push(`--write-ports ${r.ports}`);
  return `mho cost ${name} ${options.join(" ")}`;
}

function pythonOf(s: Props["state"]): string {
  const r = requestOf(s);
  const workload = s.workload === "512x512 image" ? "cost.Workload(m=512, n=512, k=16)" : `cost.WORKLOADS["${s.workload}"]`;
  const numbers = Object.entries(r.numbers).map(([name, v]) => `${name}=${v}`).join(", ");
  return `from mho import cost
from mho.chip import preset

workload = ${workload}
ledger = cost.sweep_ledger(workload, preset("pku-2025").with_(rows=${r.array_rows}))  # of one sweep; there are ${r.iterations}
technology = cost.technology("${r.technology}")${numbers ? `.with_(${numbers})` : ""}
found = cost.estimate(ledger, technology, solvers=${r.solvers}, write="${r.write}", ports=${r.ports ? `"${r.ports}"` : "None"})
print(found.seconds * ${r.iterations}, found.joules * ${r.iterations}, found.square_metres)
`;
}

function Actions({ answer, figure, state: s, say }: Props & { answer: CostAnswer; figure: Figure; say: (text: string) => void }) {
  const drawing = () => svg(ratiosFigure(s, false));
  const row = (kind: string) => (p: { name: string; seconds: Interval; joules: Interval }) => [kind, p.name, ...p.seconds, ...p.joules];
  const header = ["kind", "name", ...["seconds", "joules"].flatMap((q) => ["low", "typical", "high"].map((e) => `${q}, ${e}`))];
  const table = () => csv(header, [...answer.parts.map(row("chip")), ...answer.platforms.map(row("platform"))]);
  return (
    <>
      <Exports
        onProblem={say}
        items={[
          { name: "CSV", title: "Every part and platform", run: () => save("cost.csv", table(), "text/csv") },
          { name: "SVG", title: figure.title, run: () => save("cost.svg", drawing(), "image/svg+xml") },
          { name: "PNG", title: figure.title, run: async () => save("cost.png", await png(drawing())) },
          { name: "JSON", title: "Request and answer", run: () => save("cost.json", JSON.stringify({ view: "cost", cost: requestOf(s), answer }, null, 1), "application/json") },
        ]}
      />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python" text={pythonOf(s)} />
        <Code title={s.pulse || s.memory ? "Command, without the numbers that were changed" : "Command"} text={commandOf(s)} />
      </Group>
    </>
  );
}
