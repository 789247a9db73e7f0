/** Bench: one right-hand side settles on one circuit. */

import { useMemo, useState } from "preact/hooks";
import type { Changes, ProgramRequest, Programmed, SettleAnswer } from "../backend/protocol";
import { flat, type Clamp, type Rows, type Topology } from "../core/circuit";
import { drawnCells, drawnInputs, drawnSquare, drawnVector } from "../core/draw";
import { dominant, trySolve } from "../core/linear";
import { netlist, outputNames } from "../core/netlist";
import { inputVolts } from "../core/program";
import { csv, png, save, svg, type Figure, type Line } from "../exports";
import { benchPython } from "../reproduce";
import { choice, list, number, type Fields } from "../state";
import { ArrayGrid, MOST } from "../ui/array";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { axisScale, percent, plain, quantity } from "../units";
import type { ViewProps } from "./common";
import { useLive } from "./live";

export const benchFields = {
  topology: choice(["compact", "classic", "gram", "mvm", "inv", "egv"]),
  m: number(16, 2, 128),
  k: number(4, 1, 16),
  data: number(1, 0, 99999),
  A: list(-100, 100),
  b: list(-MOST, MOST),
  levels: number(16, 0, 256),
  sigma: number(0.02, 0, 0.2),
  gmin: number(0.5, 0, 5),
  chip: number(7, 0, 99999),
  gain: number(10000, 100, 1e6),
  mhz: number(100, 1, 1000),
  pole: number(0, 0, 100),
  offset: number(0, 0, 10),
  clamp: choice(["rectifying", "single-supply"]),
  wire: number(0, 0, 50),
} satisfies Fields;

const TOPOLOGIES = [
  ["compact", "Compact: k op-amps, solves"],
  ["classic", "Classic: m + k op-amps, solves"],
  ["gram", "Gram: A'A in the array, solves"],
  ["mvm", "Open loop: multiplies"],
  ["inv", "INV: a square matrix inverted"],
  ["egv", "EGV: its largest eigenvector"],
] as const;

const LEADS: Partial<Record<Topology, string>> & { compact: string } = {
  compact:
    "An array of cells and a row of op-amps solve min |A x − b| with x ≥ 0 by coming to rest. Click a cell, set an input, turn a knob: every output is followed from zero until the loop settles.",
  mvm: "Voltages at the columns, currents summed on the rows: the array multiplies a vector in one step, and nothing is solved.",
  inv: "Two arrays hold the positive and the negative entries of a square matrix, and every op-amp has an inverter: the loop comes to rest at the solution of A x = b, of either sign.",
  egv: "With feedback a little below the largest eigenvalue the loop grows from its op-amps' offsets along that eigenvector, until an output meets its rail. There is no input.",
};

const WIRED_IN_PYTHON = "Wires are perfect here. Their resistance is a knob of the compact circuit; for this one row_ohms of a design in Python has it.";
/** Said where the knob of the wires would be. */
const WIRES: Partial<Record<Topology, string>> = {
  classic: WIRED_IN_PYTHON,
  gram: WIRED_IN_PYTHON,
  mvm: WIRED_IN_PYTHON,
  inv: "Wires are perfect here: their resistance is modelled in the compact, classic and Gram circuits and in the product.",
  egv: "Wires are perfect here: their resistance is modelled in the compact, classic and Gram circuits and in the product.",
};

const PRESET = "pku-2025";
const TOLERANCE = 0.01;

interface Found {
  programmed: Programmed;
  settled: SettleAnswer;
  volts: number[];
  answer: number[];
  exact: number[];
  A: Rows;
  b: number[];
}

interface Problem {
  m: number;
  k: number;
  cells: readonly number[];
  inputs: readonly number[];
  A: Rows;
  b: number[];
  topology: Topology;
  /** Numbers of either sign come out, of a square matrix of either sign. */
  signed: boolean;
}

type Props = ViewProps<typeof benchFields>;

/** The matrix and inputs of a state: those that it holds, or those that its seed draws. */
function problemOf(s: Props["state"]): Problem {
  const { k } = s;
  const topology = s.topology as Topology;
  const signed = topology === "inv" || topology === "egv";
  const m = signed ? k : s.m;
  const cells = s.A.length === m * k ? s.A : topology === "inv" ? drawnSquare(k, s.data) : drawnCells(m, k, s.data);
  const length = topology === "egv" ? 0 : topology === "mvm" ? k : m;
  const drawn = () => (topology === "egv" ? [] : topology === "mvm" ? drawnVector(k, s.data) : drawnInputs(cells, m, k, s.data));
  const inputs = s.b.length === length ? s.b : drawn();
  const A = Array.from({ length: m }, (_, i) => cells.slice(i * k, (i + 1) * k).map((v) => v / 100));
  return { m, k, cells, inputs, A, b: inputs.map((v) => v / 100), topology, signed };
}

function changesOf(s: Props["state"]): Changes {
  return {
    levels: s.levels < 2 ? null : s.levels,
    sigma: s.sigma,
    g_min: s.gmin * 1e-6,
    gain: s.gain,
    bandwidth: s.mhz * 1e6,
    offset: s.offset / 1e3,
    clamp: s.clamp as Clamp,
    ...(s.pole > 0 ? { second_pole: s.pole * s.mhz * 1e6 } : {}),
    ...(s.topology === "compact" ? { row_ohms: s.wire, column_ohms: s.wire } : {}),
  };
}

async function find({ backend, state }: Props): Promise<Found> {
  const { A, b, topology } = problemOf(state);
  const request: ProgramRequest = { matrix: A, topology, preset: PRESET, changes: changesOf(state), seed: state.chip };
  const programmed = await backend.program(request);
  const volts = inputVolts(programmed, b);
  const [settled, exact] = await Promise.all([
    backend.settle({ circuit: programmed.circuit, volts, times: null, tolerance: TOLERANCE }),
    exactly(backend, topology, A, b),
  ]);
  const answer = settled.rest.map((v, j) => v * programmed.units_per_volt[j]!);
  return { programmed, settled, volts, answer, exact: topology === "egv" ? turned(exact, answer) : exact, A, b };
}

/** An eigenvector with the sign that the chip's offsets have chosen. */
function turned(vector: number[], answer: number[]): number[] {
  const sign = vector.reduce((s, v, i) => s + v * answer[i]!, 0) < 0 ? -1 : 1;
  return vector.map((v) => sign * v);
}

/** What the circuit would give with perfect cells and op-amps. */
async function exactly(backend: Props["backend"], topology: Topology, A: Rows, b: number[]): Promise<number[]> {
  switch (topology) {
    case "mvm": return A.map((row) => row.reduce((s, a, j) => s + a * b[j]!, 0));
    case "inv": {
      const x = trySolve(flat(A), Float64Array.from(b), A.length, 1);
      if (!x) throw new Error("the matrix has no inverse: change a cell");
      return [...x];
    }
    case "egv": return [...dominant(flat(A), A.length)!.vector];
    default: return (await backend.solve({ matrix: A, rhs: [b] })).answers[0]!;
  }
}

function errorOf(found: Found): number {
  const off = Math.hypot(...found.answer.map((x, j) => x - found.exact[j]!));
  return off / (Math.hypot(...found.exact) || 1);
}

function figureOf(found: Found, dark: boolean, spice: Rows | null): Figure {
  const { settled, programmed, exact } = found;
  const names = outputNames(programmed.circuit);
  const [toTime, timeUnit] = axisScale(settled.times[settled.times.length - 1]!, "s");
  const colours = palette(dark);
  const colour = (j: number) => colours[j % colours.length]!;
  if (settled.settling_time === null) return productFigure(found, colours);
  const x = settled.times.map((t) => t * toTime);
  const exactVolts = exact.map((v, j) => v / programmed.units_per_volt[j]!);
  const lines: Line[] = [
    ...settled.outputs.map((y, j) => ({ label: names[j]!, x, y: y.map((v) => 1e3 * v), colour: colour(j) })),
    ...exactVolts.map((v, j) => ({ label: "", x, y: x.map(() => 1e3 * v), colour: colour(j), dashed: true })),
    ...(spice ?? []).map((y, j) => ({ label: "", x, y: y.map((v, i) => (i % 12 ? null : 1e3 * v)), colour: colour(j), dots: true })),
  ];
  return {
    title: "Outputs on their way to rest; dashed: exact",
    xLabel: `time, ${timeUnit}`,
    yLabel: "output, mV",
    lines,
    marks: settled.settling_time ? [{ x: settled.settling_time * toTime, label: "settled to 1 %" }] : [],
  };
}

function productFigure(found: Found, colours: string[]): Figure {
  const x = found.answer.map((_, i) => i + 1);
  return {
    title: "Product A x at rest; dashed: exact",
    xLabel: "row",
    yLabel: "product",
    lines: [
      { label: "chip", x, y: found.answer, colour: colours[0]!, dots: true },
      { label: "exact", x, y: found.exact, colour: colours[1]!, dashed: true },
    ],
  };
}

export function Bench(props: Props) {
  const { state, change, served, scheme } = props;
  const problem = problemOf(state);
  const key = JSON.stringify([state, served?.name]);
  const live = useLive(key, () => find(props));
  const [said, say] = useState<string | null>(null);
  const [spice, setSpice] = useState<{ key: string; outputs: Rows } | null>(null);
  const found = live.answer;
  const shownSpice = spice?.key === key ? spice.outputs : null;
  const figure = useMemo(() => found && figureOf(found, scheme === "dark", shownSpice), [found, scheme, shownSpice]);
  const written = found && writtenShares(found.programmed, problem);
  const mvm = problem.topology === "mvm";

  return (
    <>
      <h1>Bench: the loop settles</h1>
      <p class="lead">
        {LEADS[problem.topology] ?? LEADS.compact}
      </p>
      <Problem text={said ?? live.problem} />
      <div class="bench">
        <Knobs {...props} />
        <div class="first">
          <div class="array-caption">
            <span>array A, {problem.m} × {problem.k}</span>
            <span>{mvm ? "input below" : problem.topology === "egv" ? "" : "input b"}</span>
          </div>
          <ArrayGrid
            cells={problem.cells}
            inputs={problem.inputs}
            rows={problem.m}
            columns={problem.k}
            inputsAt={mvm ? "columns" : problem.topology === "egv" ? "nowhere" : "rows"}
            least={problem.signed ? -100 : 0}
            written={written}
            scheme={scheme}
            onCell={(e, v) => change({ A: problem.cells.map((old, at) => (at === e ? v : old)), b: problem.inputs })}
            onInput={(i, v) => change({ b: problem.inputs.map((old, at) => (at === i ? v : old)) })}
            describe={(row, column) => describe(problem, found, row, column)}
          />
          <div class="row">
            <button type="button" onClick={() => change({ data: (state.data + 1) % 100000, A: [], b: [] })}>
              Another problem
            </button>
            <button type="button" onClick={() => change({ chip: (state.chip + 1) % 100000 })}>
              Another chip
            </button>
          </div>
        </div>
        <div class="wide">
          {found && figure && <Results {...props} found={found} figure={figure} took={live.took} />}
          {found && (
            <Actions {...props} found={found} figure={figure!} say={say} onSpice={(outputs) => setSpice({ key, outputs })} spiced={shownSpice !== null} />
          )}
        </div>
      </div>
      <Words topology={problem.topology} />
      {found && <Reproduce state={state} found={found} />}
    </>
  );
}

/** What the driving array conducts, as a share of the highest conductance. */
function writtenShares(programmed: Programmed, problem: Problem): Rows | null {
  const c = programmed.circuit;
  if (c.topology === "gram") return null;
  if (c.topology === "inv" || c.topology === "egv") {
    if (c.g_positive.length !== problem.k) return null;
    const most = Math.max(...c.g_positive.flat(), ...c.g_negative.flat());
    return c.g_positive.map((row, i) => row.map((g, j) => (g - c.g_negative[i]![j]!) / most));
  }
  const g = c.topology === "mvm" ? c.g : c.g_left;
  if (g.length !== problem.m || g[0]!.length !== problem.k) return null;
  const most = Math.max(...g.flat());
  return g.map((row) => row.map((v) => v / most));
}

function describe(problem: Problem, found: Found | null, row: number, column: number): string {
  if (row >= problem.m) return `The vector's number ${column + 1}, put in as a voltage at the column.`;
  if (column >= problem.k) {
    const volts = found?.volts.length === problem.m ? `, ${quantity(found.volts[row]!, "V")}` : "";
    return `The right-hand side at row ${row + 1}: ${problem.b[row]}${volts}.`;
  }
  const c = found?.programmed.circuit;
  if (!c || c.topology === "gram" || found.A.length !== problem.m || found.A[0]!.length !== problem.k)
    return `Asked for: ${problem.A[row]![column]}.`;
  const signed = c.topology === "inv" || c.topology === "egv";
  const [g, other] = c.topology === "mvm" ? [c.g, null] : signed ? [c.g_positive, c.g_negative] : [c.g_left, c.g_right];
  const sensing = other ? `, ${signed ? "cell of the negative array" : "sensing cell"} ${quantity(other[row]![column]!, "S")}` : "";
  return `Asked for: ${problem.A[row]![column]}. Written: ${quantity(g[row]![column]!, "S")}${sensing}.`;
}

function Knobs({ state: s, change }: Props) {
  const micro = (v: number) => `${plain(v)} µS`;
  return (
    <div>
      <Group title="Circuit">
        <Choice label="Topology" value={s.topology} of={TOPOLOGIES} onChange={(topology) => change({ topology, A: [], b: [] })} />
        {s.topology !== "inv" && s.topology !== "egv" && (
          <Slider label="Rows m" value={s.m} least={2} most={128} show={String} onChange={(m) => change({ m, A: [], b: [] })} />
        )}
        <Slider label="Columns k" value={s.k} least={1} most={16} show={String} onChange={(k) => change({ k, A: [], b: [] })} />
        {s.topology === "compact" ? (
          <Slider label="Wire between cells" value={s.wire} least={0.1} most={50} zero={0} log show={(v) => `${plain(v)} Ω`} onChange={(wire) => change({ wire })} />
        ) : (
          <p class="soft">{WIRES[s.topology as Topology]}</p>
        )}
      </Group>
      <Group title="Cells">
        <Slider label="Cell error sigma" value={s.sigma} least={0} most={0.2} step={0.001} show={(v) => percent(v)} hint="spread of writing, of the highest conductance" onChange={(sigma) => change({ sigma })} />
        <Slider label="Levels" value={s.levels} least={0} most={64} show={(v) => (v < 2 ? "any" : String(v))} onChange={(levels) => change({ levels: levels === 1 ? 2 : levels })} />
        <Slider label="Lowest conductance" value={s.gmin} least={0} most={5} step={0.1} show={micro} hint="what a zero of A conducts; the highest is 35 µS" onChange={(gmin) => change({ gmin })} />
      </Group>
      <Group title="Op-amps">
        <Slider label="Bandwidth" value={s.mhz} least={1} most={1000} log show={(v) => quantity(v * 1e6, "Hz")} onChange={(mhz) => change({ mhz })} />
        <Slider label="Second pole" value={s.pole} least={0.1} most={100} zero={0} log show={(v) => (v ? `${plain(v)} × bandwidth` : "none")} hint="of the output stage; too near, and the loop swings" onChange={(pole) => change({ pole })} />
        <Slider label="Gain" value={s.gain} least={100} most={1e6} log show={(v) => plain(v)} onChange={(gain) => change({ gain })} />
        <Slider label="Offset" value={s.offset} least={0.01} most={10} zero={0} log show={(v) => quantity(v / 1e3, "V")} hint="spread of the op-amps' input offset" onChange={(offset) => change({ offset })} />
        {!(s.topology in DASHED) && (
          <Choice
            label="Clamp"
            value={s.clamp}
            of={[["rectifying", "Rectifying: exact"], ["single-supply", "Single supply: input floats"]]}
            onChange={(clamp) => change({ clamp })}
          />
        )}
      </Group>
    </div>
  );
}

function Results({ found, figure, took, scheme }: Props & { found: Found; figure: Figure; took: number }) {
  const { settled } = found;
  const clamped = found.answer.filter((x) => x <= 0).length;
  const loop = settled.settling_time !== null;
  const signed = isSigned(found.programmed.circuit);
  const words = loop
    ? `${found.answer.length} outputs settle in ${quantity(settled.settling_time!, "s")}${signed ? "" : `; ${clamped} rest at zero`}.`
    : `${found.answer.length} products.`;
  return (
    <>
      <Plot figure={figure} description={`${figure.title}. ${words}`} scheme={scheme} />
      <dl class="facts" aria-live="polite">
        {loop && <Fact name="settling time" value={quantity(settled.settling_time!, "s")} />}
        <Fact name="error of the answer" value={percent(errorOf(found))} />
        {loop && !signed && <Fact name="outputs clamped at zero" value={`${clamped} of ${found.answer.length}`} />}
        {loop && !signed && <Fact name="clamp events" value={String(settled.events.length)} />}
        <Fact name="computed in" value={`${plain(took, 2)} ms`} />
      </dl>
      <Group title={loop ? "Outputs" : "Products"} open={found.answer.length <= 16}>
        <Outputs found={found} scheme={scheme} />
      </Group>
    </>
  );
}

const isSigned = ({ topology }: Programmed["circuit"]) => topology === "inv" || topology === "egv";

function Outputs({ found, scheme }: { found: Found; scheme: string }) {
  const names = outputNames(found.programmed.circuit);
  const colours = palette(scheme === "dark");
  const clamps = found.settled.settling_time !== null && !isSigned(found.programmed.circuit);
  const loop = found.settled.settling_time !== null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Outputs at rest">
      <table>
        <thead>
          <tr>
            <th scope="col">output</th>
            <th scope="col">at rest</th>
            <th scope="col">answer</th>
            <th scope="col">exact</th>
            <th scope="col">off by</th>
            {clamps && <th scope="col">state</th>}
          </tr>
        </thead>
        <tbody>
          {found.answer.map((x, j) => (
            <tr key={j}>
              <td>
                <span class="swatch" style={{ background: loop ? colours[j % colours.length] : colours[0] }} />
                {names[j]}
              </td>
              <td>{quantity(found.settled.rest[j]!, "V")}</td>
              <td>{x.toFixed(4)}</td>
              <td>{found.exact[j]!.toFixed(4)}</td>
              <td>{(x - found.exact[j]!).toFixed(4)}</td>
              {clamps && <td>{x > 0 ? "free" : "clamped at zero"}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ActionProps extends Props {
  found: Found;
  figure: Figure;
  say: (text: string | null) => void;
  onSpice: (outputs: Rows) => void;
  spiced: boolean;
}

function Actions({ found, figure, say, onSpice, spiced, served, state }: ActionProps) {
  const { settled, programmed } = found;
  const names = outputNames(programmed.circuit);
  const [running, setRunning] = useState(false);
  const end = settled.times[settled.times.length - 1]! || 1e-6;
  const deck = () => netlist(programmed.circuit, found.volts, end, end / 2000, `mho lab: ${programmed.circuit.topology}, ${found.A.length} rows, ${found.A[0]!.length} columns`);
  const table = () =>
    settled.settling_time === null
      ? csv(["output", "volts", "answer", "exact"], found.answer.map((x, j) => [names[j]!, settled.rest[j]!, x, found.exact[j]!]))
      : csv(["seconds", ...names.map((n) => `${n}, volts`)], settled.times.map((t, i) => [t, ...settled.outputs.map((y) => y[i]!)]));
  const drawing = () => svg(figureOf(found, false, null));
  const spice = async () => {
    setRunning(true);
    say(null);
    try {
      onSpice(await served!.spice({ circuit: programmed.circuit, volts: found.volts, times: settled.times }));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    setRunning(false);
  };
  return (
    <>
      <Exports
        onProblem={say}
        items={[
          { name: "CSV", title: "The waveforms as a table", run: () => save("bench.csv", table(), "text/csv") },
          { name: "SVG", title: figure.title, run: () => save("bench.svg", drawing(), "image/svg+xml") },
          { name: "PNG", title: figure.title, run: async () => save("bench.png", await png(drawing())) },
          { name: "JSON", title: "Request and answer", run: () => save("bench.json", JSON.stringify(record(state, found), null, 1), "application/json") },
          { name: "Netlist", title: "The circuit for ngspice", run: () => save("bench.cir", deck()) },
        ]}
      />
      {served && settled.settling_time !== null && (
        <div class="row">
          <button type="button" class="primary" disabled={running} onClick={spice}>
            {running ? "ngspice runs …" : "Run ngspice beside it"}
          </button>
          {spiced && <span class="soft">circles: ngspice</span>}
        </div>
      )}
    </>
  );
}

function record(state: Props["state"], found: Found) {
  const program: ProgramRequest = { matrix: found.A, topology: state.topology as Topology, preset: PRESET, changes: changesOf(state), seed: state.chip };
  return {
    view: "bench",
    program,
    rhs: found.b,
    settle: { times: found.settled.times, tolerance: TOLERANCE },
    answer: { ...found.settled, answer: found.answer, exact: found.exact },
  };
}

function Reproduce({ state, found }: { state: Props["state"]; found: Found }) {
  return (
    <Group title="The same in Python and at the command line" open={false}>
      <Code title="Python" text={benchPython(state.topology as Topology, found.A, found.b, PRESET, changesOf(state), state.chip)} />
      <Code title="Command, with the JSON of this view" text="mho lab --answer bench.json" />
    </Group>
  );
}

const DASHED: Partial<Record<Topology, string>> = {
  mvm: "The exact product A x, computed digitally.",
  inv: "The exact solution of A x = b, computed digitally: where the loop would rest with perfect cells and op-amps.",
  egv: "The exact eigenvector of the largest eigenvalue, computed digitally, its largest entry at the rail.",
};

function Words({ topology }: { topology: Topology }) {
  const clamps = !(topology in DASHED);
  return (
    <Group title="What is what">
      <dl class="words">
        <div>
          <dt>Cell</dt>
          <dd>A memory element where a row crosses a column. Its conductance holds one number of the matrix A; darker is more.</dd>
        </div>
        <div>
          <dt>Input</dt>
          <dd>The right-hand side b, put in as a voltage at each row.</dd>
        </div>
        <div>
          <dt>Output, settling</dt>
          <dd>Each column ends in an op-amp. Its output voltage starts at zero and settles: when all are at rest, they are the answer x.</dd>
        </div>
        {clamps && (
          <div>
            <dt>Clamp</dt>
            <dd>An output that would go below zero is held at zero by its clamp, because the problem asks for x ≥ 0.</dd>
          </div>
        )}
        <div>
          <dt>Dashed lines</dt>
          <dd>
            {DASHED[topology] ??
              "The exact non-negative least-squares answer, computed digitally: where the loop would rest with perfect cells and op-amps."}
          </dd>
        </div>
        <div>
          <dt>Settling time</dt>
          <dd>After it, no output is off its rest by more than 1 % of the largest one: the answer is there.</dd>
        </div>
        <div>
          <dt>Sigma</dt>
          <dd>How far cells are spread about their targets when they are written, as a share of the highest conductance. The larger, the more the answer is off.</dd>
        </div>
        <div>
          <dt>Bandwidth, gain</dt>
          <dd>With more bandwidth the loop settles sooner, in proportion, and rests at the same place. With more gain it rests nearer to the exact answer.</dd>
        </div>
      </dl>
    </Group>
  );
}
