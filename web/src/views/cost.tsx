/** Cost: what a factorization takes on the chip, part by part, beside digital platforms. */

import { useMemo, useState } from "preact/hooks";
import { cost, total, type CostAnswer, type CostRequest, type Interval } from "../core/cost";
import { csv, png, save, svg, type Figure } from "../exports";
import { choice, number, type Fields } from "../state";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { duration, plain, quantity } from "../units";
import { answersFields, AnswersView } from "./answers";
import { billOptions, bounds, DATA, MemoryKnob, numbersOf, Parts, technologyLiteral, TechnologyKnob, WorkloadKnob, writingLiteral, WritingKnobs, writingOf } from "./bill";
import type { ViewProps } from "./common";
import { useLive } from "./live";

const ROWS = ["32", "64", "128", "256", "512", "1024"];

export const costFields = {
  workload: choice([...Object.keys(DATA.workloads), ...Object.keys(DATA.uses)], "netflix"),
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
  ...answersFields,
} satisfies Fields;

type Props = ViewProps<typeof costFields>;

function requestOf(s: Props["state"]): CostRequest {
  const most = DATA.workloads[s.workload]!.fewest_solves;
  return {
    workload: s.workload,
    array_rows: Number(s.rows),
    technology: s.technology,
    solvers: Math.min(Math.round(s.solvers), most),
    iterations: Math.round(s.iterations),
    ...writingOf(s),
    numbers: numbersOf(s),
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
  return Object.hasOwn(DATA.uses, props.state.workload) ? <AnswersView {...props} /> : <SweepsView {...props} />;
}

function SweepsView(props: Props) {
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
  return (
    <div>
      <Group title="Work">
        <WorkloadKnob state={s} change={change} />
        <Slider label="Sweeps" value={s.iterations} least={1} most={1000} log show={(v) => plain(v)} hint="updates of both factors" onChange={(iterations) => change({ iterations: Math.round(iterations) })} />
      </Group>
      <Group title="Chip">
        <TechnologyKnob state={s} change={change} />
        <Slider label="Solvers side by side" value={Math.min(s.solvers, most)} least={1} most={most} log show={(v) => plain(v)} onChange={(v) => change({ solvers: Math.round(v) })} />
        <Choice label="Rows of one array (tile)" value={s.rows} of={ROWS.map((r) => [r, r] as const)} onChange={(rows) => change({ rows })} />
      </Group>
      <Group title="Writing">
        <Choice label="Writing is" value={s.writing} of={[["counted", "counted"], ["left out", "left out"]]} onChange={(writing) => change({ writing })} />
        <WritingKnobs state={s} change={change} />
      </Group>
      <Group title="Memory beside the chip">
        <Choice label="Memory is" value={s.moving} of={[["counted", "counted"], ["left out", "left out"]]} onChange={(moving) => change({ moving })} />
        <MemoryKnob state={s} change={change} />
      </Group>
      <Group title="Beside it">
        <Choice label="Platform of the curve" value={s.against} of={DATA.workloads[s.workload]!.platforms.map((p) => [p.name, p.name] as const)} onChange={(against) => change({ against })} />
      </Group>
    </div>
  );
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
      <Parts parts={parts} seconds={seconds[1]} joules={joules[1]} />
    </>
  );
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
  const options = [...billOptions(s), `--iterations ${r.iterations}`, `--solvers ${r.solvers}`];
  if (r.array_rows !== 128) options.push(`--array ${r.array_rows}x128`);
  return `mho cost ${name} ${options.join(" ")}`;
}

function pythonOf(s: Props["state"]): string {
  const r = requestOf(s);
  const workload = s.workload === "512x512 image" ? "cost.Workload(m=512, n=512, k=16)" : `cost.WORKLOADS["${s.workload}"]`;
  return `from mho import cost
from mho.chip import preset

workload = ${workload}
ledger = cost.sweep_ledger(workload, preset("pku-2025").with_(rows=${r.array_rows}))  # of one sweep; there are ${r.iterations}
technology = ${technologyLiteral(s)}
found = cost.estimate(ledger, technology, solvers=${r.solvers}, ${writingLiteral(s)})
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
