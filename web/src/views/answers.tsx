/** Cost of a use: a matrix programmed once, its answers, a battery, a fleet, and what one settling replaces. */

import { useMemo, useState } from "preact/hooks";
import { over, type AnswersAnswer, type AnswersRequest } from "../core/answers";
import { total, type Interval } from "../core/cost";
import { csv, png, save, svg, type Figure } from "../exports";
import { choice, number, type Fields } from "../state";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { duration, plain, quantity } from "../units";
import { billOptions, bounds, DATA, MemoryKnob, numbersOf, Parts, technologyLiteral, TechnologyKnob, WorkloadKnob, writingLiteral, WritingKnobs, writingOf, Table, type BillState } from "./bill";
import type { ViewProps } from "./common";
import { useLive } from "./live";

const FIRST = Object.values(DATA.uses)[0]!;
const USUAL = "usual";

export const answersFields = {
  cells: choice(Object.keys(FIRST.rewrites)),
  perday: number(0, 0, 1e12),
  battery: number(15, 0.001, 1e6),
  fleet: number(1e9, 1, 1e15),
  pue: number(1.3, 1, 3),
  beside: choice([USUAL, ...FIRST.platforms.map((p) => p.name)]),
} satisfies Fields;

interface AnswersState extends BillState {
  cells: string;
  perday: number;
  battery: number;
  fleet: number;
  pue: number;
  beside: string;
}

type Props = Pick<ViewProps<Fields>, "backend" | "scheme"> & { state: AnswersState; change: (changes: Partial<AnswersState>) => void };
type Shown = Props & { answer: AnswersAnswer };

function requestOf(s: AnswersState): AnswersRequest {
  return {
    use: s.workload,
    technology: s.technology,
    numbers: numbersOf(s),
    ...writingOf(s),
    cells: s.cells,
    answers_per_day: s.perday || DATA.uses[s.workload]!.answers_per_day,
    watt_hours: s.battery,
    fleet_per_day: s.fleet,
    pue: s.pue,
  };
}

function besideOf(s: AnswersState): string {
  return s.beside === USUAL ? DATA.uses[s.workload]!.beside : s.beside;
}

export function AnswersView(props: Props) {
  const { state: s, scheme, backend } = props;
  const live = useLive(JSON.stringify(s), () => backend.cost(requestOf(s)));
  const [said, say] = useState<string | null>(null);
  const answer = live.answer;
  const figure = useMemo(() => answer && figureOf(s, answer, scheme === "dark"), [answer, s.beside, scheme]);
  const use = DATA.uses[s.workload]!;
  return (
    <>
      <h1>Cost: programmed once, asked often</h1>
      <p class="lead">
        {use.about} {use.quality}{use.met ? "." : ", which is not good enough: the chip does not win here, whatever it takes."} Written once, and
        again as its cells drift or the model changes; typical numbers, with their bounds in brackets.
      </p>
      <Problem text={said ?? live.problem} />
      <div class="two">
        <Knobs {...props} />
        {answer && figure && (
          <div>
            <Results {...props} answer={answer} />
            <Plot figure={figure} description={`${figure.title}: the chip's falls with the answers of one programming.`} scheme={scheme} height={280} />
            <Platforms {...props} answer={answer} />
            <Scale {...props} answer={answer} />
            <Actions {...props} answer={answer} figure={figure} say={say} />
          </div>
        )}
      </div>
    </>
  );
}

function Knobs(props: Props) {
  const { state: s, change } = props;
  const use = DATA.uses[s.workload]!;
  const count = (v: number) => `${inFull(v)} a day`;
  return (
    <div>
      <Group title="Work">
        <WorkloadKnob {...props} />
        <Slider label="Answers" value={s.perday || use.answers_per_day} least={1} most={1e9} log show={count} hint="of one chip" onChange={(perday) => change({ perday })} />
        <Choice label="Cells that drift" value={s.cells} of={Object.keys(use.rewrites).map((c) => [c, c === "pku-2025" ? `${c}: not published` : c] as const)} hint="how often they are rewritten follows from their relaxation and the error that is borne" onChange={(cells) => change({ cells })} />
      </Group>
      <Group title="Chip">
        <TechnologyKnob {...props} />
      </Group>
      <Group title="Writing">
        <WritingKnobs {...props} />
      </Group>
      <Group title="Memory beside the chip">
        <MemoryKnob {...props} />
      </Group>
      <Group title="Battery and fleet">
        <Slider label="Battery" value={s.battery} least={0.01} most={1e4} log show={(v) => quantity(v, "Wh")} onChange={(battery) => change({ battery })} />
        <Slider label="Fleet" value={s.fleet} least={1e3} most={1e14} log show={count} onChange={(fleet) => change({ fleet })} />
        <Slider label="PUE" value={s.pue} least={1} most={3} step={0.05} show={(v) => plain(v)} hint="power of the whole building over that of its machines" onChange={(pue) => change({ pue })} />
      </Group>
      <Group title="Beside it">
        <Choice label="Platform of the curve" value={s.beside} of={[[USUAL, `as used: ${use.beside}`], ...use.platforms.map((p) => [p.name, p.name] as const)]} onChange={(beside) => change({ beside })} />
      </Group>
    </div>
  );
}

/** Three digits in full: 2,000. */
const inFull = (v: number) => Number(v.toPrecision(3)).toLocaleString("en");

const answering = (answer: AnswersAnswer) => answer.parts.filter((p) => !p.writing);

function figureOf(s: AnswersState, answer: AnswersAnswer, dark: boolean): Figure {
  const x = Array.from({ length: 91 }, (_, i) => 10 ** (i / 10));
  const [own, theirs] = palette(dark) as [string, string];
  const each = total(answering(answer), "joules");
  const program = answer.programming.joules;
  const other = answer.platforms.find((p) => p.name === besideOf(s))!;
  const chip = (end: 0 | 1 | 2, label: string, dashed: boolean) => ({ label, x, y: x.map((n) => each[end] + program[end] / n), colour: own, dashed });
  const flat = (end: 0 | 1 | 2, label: string, dashed: boolean) => ({ label, x, y: x.map(() => other.joules[end]), colour: theirs, dashed });
  const rewrites = answer.rewrites_per_day[1];
  return {
    title: `Energy of an answer beside the ${other.name}; dashed: bounds`,
    xLabel: "answers of one programming",
    yLabel: "energy, J",
    logX: true,
    logY: true,
    lines: [chip(1, "chip", false), chip(0, "", true), chip(2, "", true), flat(1, other.name, false), flat(0, "", true), flat(2, "", true)],
    marks: rewrites ? [{ x: Math.min(1e9, Math.max(1, requestOf(s).answers_per_day / rewrites)), label: "as asked" }] : [],
  };
}

function Results({ answer, state: s }: Shown) {
  const joules = total(answer.parts, "joules");
  const seconds = total(answering(answer), "seconds");
  const area = answer.areas.reduce((sum, a) => sum + a.square_metres[1], 0);
  const { instructions, bytes } = answer.replaced;
  return (
    <>
      <dl class="facts" aria-live="polite">
        <Fact name="latency" value={duration(seconds[1])} />
        <Fact name="energy of an answer" value={quantity(joules[1], "J")} />
        <Fact name="mean power" value={quantity(answer.watts[1], "W")} />
        <Fact name="area" value={`${plain(area * 1e6)} mm²`} />
        <Fact name="rewrites a day" value={bounds(answer.rewrites_per_day, (v) => plain(v))} />
        <Fact name="one programming" value={`${duration(answer.programming.seconds[1])}, ${quantity(answer.programming.joules[1], "J")}`} />
      </dl>
      <p>
        One settling replaces {bounds(instructions, inFull)} instructions and {bounds(bytes, (v) => quantity(v, "B"))} moved. One chip
        answers at most {inFull(answer.most_per_day)} times a day; it is asked {inFull(requestOf(s).answers_per_day)} times.
      </p>
      <h2>What dominates</h2>
      <Parts parts={answer.parts} seconds={total(answer.parts, "seconds")[1]} joules={joules[1]} />
    </>
  );
}

function Platforms({ answer }: Shown) {
  const joules = total(answer.parts, "joules");
  const seconds = total(answering(answer), "seconds");
  const times = (r: Interval) => bounds(r, (v) => `${plain(v, 2)}×`);
  const rows = answer.platforms.map((p, i) => [
    p.name,
    quantity(p.seconds[1], "s"),
    quantity(p.joules[1], "J"),
    fewest(answer.even[i]!.fewest),
    times(over(p.seconds, seconds)),
    times(over(p.joules, joules)),
  ]);
  return (
    <>
      <h2>Beside digital platforms, an answer</h2>
      <p class="soft">Breaks even: the fewest answers of one programming with which the chip takes less energy, typical.</p>
      <Table name="Digital platforms" head={["platform", "time", "energy", "breaks even", "chip faster", "chip saves"]} rows={rows} />
    </>
  );
}

function fewest(count: number | null): string {
  return count === null ? "none" : inFull(Math.max(1, Math.ceil(count)));
}

function Scale({ answer, state: s }: Shown) {
  const r = requestOf(s);
  const rows = answer.batteries.map((b, i) => {
    const f = answer.fleets[i]!;
    return [
      b.name,
      `${plain(100 * b.share[1], 2)} %`,
      duration(3600 * b.hours[1]),
      f.machines.toLocaleString("en"),
      quantity(f.watts[1], "W"),
      plain(f.megawatt_hours[1]),
    ];
  });
  const head = ["answers by", "battery a day", "it lasts", "fleet's machines", "power", "MWh a year"];
  return (
    <>
      <h2>Battery and fleet</h2>
      <Table name="Battery and fleet" head={head} rows={rows} />
      <p class="soft">
        Typical. A battery of {quantity(r.watt_hours, "Wh")} that does nothing else; a fleet that answers {inFull(r.fleet_per_day)} times a day at an
        even rate, PUE {plain(r.pue)}.
      </p>
    </>
  );
}

function commandOf(s: AnswersState): string {
  const r = requestOf(s);
  const load = [`--answers-per-day ${r.answers_per_day}`, `--cells ${r.cells}`, `--battery ${r.watt_hours}Wh`, `--fleet ${r.fleet_per_day}/day`, `--pue ${r.pue}`];
  return `mho cost ${s.workload} ${[...billOptions(s), ...load].join(" ")}`;
}

function pythonOf(s: AnswersState): string {
  const r = requestOf(s);
  return `from mho import cost

use = cost.USES["${s.workload}"]
often = cost.drift_or_update("${r.cells}", use.borne, updates=use.updates_per_day)
duty = cost.Duty(answers_per_day=${r.answers_per_day}, rewrites=often)
bill = cost.answers_bill(use.run, duty, ${technologyLiteral(s)}, ${writingLiteral(s)})
print(bill.joules, bill.latency, bill.watts, bill.square_metres)
print(cost.battery_of(bill.joules, watt_hours=${r.watt_hours}, answers_per_day=${r.answers_per_day}))
print(cost.replaced(use.run.work, solves=use.run.solves))
`;
}

function Actions({ answer, figure, state: s, say }: Shown & { figure: Figure; say: (text: string) => void }) {
  const drawing = () => svg(figureOf(s, answer, false));
  const ends = (...of: string[]) => of.flatMap((q) => ["low", "typical", "high"].map((e) => `${q}, ${e}`));
  const table = () => {
    const row = (kind: string) => (p: { name: string; seconds: Interval; joules: Interval }) => [kind, p.name, ...p.seconds, ...p.joules];
    const parts = [...answer.parts.map(row("chip")), row("chip")({ name: "programming", ...answer.programming }), ...answer.platforms.map(row("platform"))];
    return csv(["kind", "name", ...ends("seconds", "joules")], parts);
  };
  const scale = () =>
    csv(
      ["name", ...ends("share of the battery a day"), "machines", ...ends("watts", "MWh a year")],
      answer.batteries.map((b, i) => [b.name, ...b.share, answer.fleets[i]!.machines, ...answer.fleets[i]!.watts, ...answer.fleets[i]!.megawatt_hours]),
    );
  return (
    <>
      <Exports
        onProblem={say}
        items={[
          { name: "CSV", title: "Every part and platform, an answer", run: () => save("answers.csv", table(), "text/csv") },
          { name: "Fleet as CSV", title: "Battery and fleet", run: () => save("fleet.csv", scale(), "text/csv") },
          { name: "SVG", title: figure.title, run: () => save("answers.svg", drawing(), "image/svg+xml") },
          { name: "PNG", title: figure.title, run: async () => save("answers.png", await png(drawing())) },
          { name: "JSON", title: "Request and answer", run: () => save("answers.json", JSON.stringify({ view: "cost", cost: requestOf(s), answer }, null, 1), "application/json") },
        ]}
      />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python" text={pythonOf(s)} />
        <Code title={s.pulse || s.memory ? "Command, without the numbers that were changed" : "Command"} text={commandOf(s)} />
      </Group>
    </>
  );
}
