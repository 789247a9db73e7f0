/** Factorize: a picture or a table in two thin factors, digital beside analogue, iteration by iteration. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { productOf } from "../backend/local";
import type { FactorizeRequest, FactorizeStep } from "../backend/protocol";
import type { Rows } from "../core/circuit";
import type { Job } from "../backend/served";
import { csv, png, save, svg, type Figure } from "../exports";
import { ownPicture, readPicture, readTable, tableOfRatings } from "../readers";
import { choice, number, type Fields } from "../state";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { percent, plain, quantity } from "../units";
import type { ViewProps } from "./common";

export const factorizeFields = {
  rank: number(12, 1, 64),
  iterations: number(40, 1, 5000),
  size: number(128, 32, 256),
  levels: number(16, 0, 256),
  sigma: number(0.02, 0, 0.1),
  seed: number(1, 0, 99999),
  where: choice(["page", "server"]),
} satisfies Fields;

type Props = ViewProps<typeof factorizeFields>;
type Engine = "digital" | "analog";

interface Course {
  errors: number[];
  seconds: number;
  last: FactorizeStep | null;
  problem: string | null;
  running: boolean;
}

const NOT_YET: Course = { errors: [], seconds: 0, last: null, problem: null, running: false };
const NAMES: { [E in Engine]: string } = { digital: "digital", analog: "analogue chip" };

interface Data {
  name: string;
  X: Rows;
  picture: boolean;
  note: string | null;
}

function requestOf(s: Props["state"], X: Rows, engine: Engine): FactorizeRequest {
  return {
    matrix: X,
    rank: Math.min(s.rank, X.length, X[0]!.length),
    engine,
    preset: "pku-2025",
    changes: { levels: s.levels < 2 ? null : s.levels, sigma: s.sigma, g_min: 0 },
    iterations: s.iterations,
    seed: s.seed,
  };
}

export function Factorize(props: Props) {
  const { state: s, change, scheme, served } = props;
  const [dropped, drop] = useState<Data | null>(null);
  const [said, say] = useState<string | null>(null);
  const own = useMemo(() => ({ name: "the page's own picture", X: ownPicture(s.size), picture: true, note: null }), [s.size]);
  const data = dropped ?? own;
  const runs = useRuns(props, data);
  const figure = useMemo(() => errorsFigure(runs.courses, scheme === "dark"), [runs.courses, scheme]);
  const started = runs.courses.digital.errors.length + runs.courses.analog.errors.length > 0;
  return (
    <>
      <h1>Factorize: X ≈ W H, twice</h1>
      <p class="lead">
        The same matrix by the digital kernels and by the simulated chip, whose factors are written into cells for every half-step. Drop a
        picture, a table of numbers or a list of ratings; it stays in this page.
      </p>
      <Problem text={said ?? runs.courses.digital.problem ?? runs.courses.analog.problem} />
      <div class="two">
        <div>
          <Drop size={s.size} onData={(d) => (drop(d), say(null), runs.reset())} onProblem={say} />
          <p class="soft">
            {data.name}: {data.X.length} × {data.X[0]!.length}. {data.note}
          </p>
          <div class="row">
            <button type="button" class="primary" onClick={() => (runs.running ? runs.stop() : runs.start())}>
              {runs.running ? "Stop" : "Factorize"}
            </button>
            {dropped && (
              <button type="button" onClick={() => (drop(null), runs.reset())}>
                The page's own picture
              </button>
            )}
          </div>
          <Group title="Factorization">
            <Slider label="Components" value={s.rank} least={1} most={64} show={String} onChange={(rank) => change({ rank })} />
            <Slider label="Iterations" value={s.iterations} least={1} most={5000} log show={(v) => plain(v)} onChange={(v) => change({ iterations: Math.round(v) })} />
            {data.picture && !dropped && <Slider label="Size" value={s.size} least={32} most={256} step={8} show={(v) => `${v} pixels`} onChange={(size) => change({ size })} />}
            {served && <Choice label="Where" value={s.where} of={[["page", "in this page"], ["server", "jobs of mho lab"]]} onChange={(where) => change({ where })} />}
          </Group>
          <Group title="Chip">
            <Slider label="Cell error sigma" value={s.sigma} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(sigma) => change({ sigma })} />
            <Slider label="Levels" value={s.levels} least={0} most={256} show={(v) => (v < 2 ? "any" : String(v))} onChange={(levels) => change({ levels: levels === 1 ? 2 : levels })} />
          </Group>
        </div>
        <div>
          <div class="pictures">
            <Picture name={data.picture ? "X" : "X, as a picture"} rows={data.X} most={peakOf(data.X)} />
            {(["digital", "analog"] as const).map((e) => (
              <Developing key={e} name={NAMES[e]} course={runs.courses[e]} most={peakOf(data.X)} />
            ))}
          </div>
          {started && <Plot figure={figure} description={describe(runs.courses)} scheme={scheme} height={280} />}
          <dl class="facts" aria-live="polite">
            {(["digital", "analog"] as const).map((e) => (
              <CourseFacts key={e} name={NAMES[e]} course={runs.courses[e]} />
            ))}
          </dl>
          {started && <Actions {...props} data={data} courses={runs.courses} figure={figure} say={say} />}
          {served && <JobList served={served} say={say} bump={runs.running} />}
        </div>
      </div>
    </>
  );
}

function useRuns(props: Props, data: Data) {
  const [courses, setCourses] = useState<{ [E in Engine]: Course }>({ digital: NOT_YET, analog: NOT_YET });
  const cancel = useRef<AbortController | null>(null);
  const update = (engine: Engine, changes: (before: Course) => Partial<Course>) =>
    setCourses((all) => ({ ...all, [engine]: { ...all[engine], ...changes(all[engine]) } }));
  const one = async (engine: Engine, control: AbortController) => {
    const { backend, served, state } = props;
    const by = served && state.where === "server" ? served : backend;
    update(engine, () => ({ ...NOT_YET, running: true }));
    const mine = () => cancel.current === control;
    try {
      const answer = await by.factorize(
        requestOf(state, data.X, engine),
        (step) => mine() && update(engine, (b) => ({ errors: filled(b.errors, step), seconds: step.seconds, last: step })),
        control.signal,
      );
      if (mine()) update(engine, () => ({ errors: answer.errors, seconds: answer.seconds, running: false }));
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (mine()) update(engine, () => ({ running: false, problem: problem.includes("cancelled") ? null : `${NAMES[engine]}: ${problem}` }));
    }
  };
  const start = () => {
    cancel.current?.abort();
    const control = (cancel.current = new AbortController());
    void one("digital", control);
    void one("analog", control);
  };
  const reset = () => {
    cancel.current?.abort();
    cancel.current = null;
    setCourses({ digital: NOT_YET, analog: NOT_YET });
  };
  useEffect(() => () => cancel.current?.abort(), []);
  return { courses, start, reset, stop: () => cancel.current?.abort(), running: courses.digital.running || courses.analog.running };
}

/** The errors so far; a server tells only some of the steps. */
function filled(errors: number[], step: FactorizeStep): number[] {
  const next = errors.slice(0, step.iteration - 1);
  while (next.length < step.iteration - 1) next.push(NaN);
  next.push(step.error);
  return next;
}

function peakOf(rows: Rows): number {
  let most = 0;
  for (const row of rows) for (const v of row) most = Math.max(most, v);
  return most || 1;
}

function errorsFigure(courses: { [E in Engine]: Course }, dark: boolean): Figure {
  const colours = palette(dark);
  const length = Math.max(courses.digital.errors.length, courses.analog.errors.length, 2);
  const x = Array.from({ length }, (_, i) => i + 1);
  const y = (c: Course) => x.map((_, i) => (Number.isFinite(c.errors[i]) ? 100 * c.errors[i]! : null));
  return {
    title: "Error |X − W H| / |X|",
    xLabel: "iteration",
    yLabel: "error, %",
    lines: [
      { label: "digital", x, y: y(courses.digital), colour: colours[0]! },
      { label: "analogue", x, y: y(courses.analog), colour: colours[1]! },
    ],
  };
}

function describe(courses: { [E in Engine]: Course }): string {
  const said = (["digital", "analog"] as const).map((e) => {
    const { errors } = courses[e];
    return errors.length ? `${NAMES[e]}: ${percent(errors[errors.length - 1]!)} after ${errors.length} iterations` : `${NAMES[e]}: not begun`;
  });
  return `Error against iterations. ${said.join("; ")}.`;
}

function CourseFacts({ name, course }: { name: string; course: Course }) {
  const done = course.errors.length;
  return (
    <>
      <Fact name={`${name}, error`} value={done ? percent(course.errors[done - 1]!) : "–"} />
      <Fact name={`${name}, iterations`} value={done ? `${done}, ${quantity(done / (course.seconds || 1e-9), "/s")}` : "–"} />
    </>
  );
}

function Picture({ name, rows, most }: { name: string; rows: Rows; most: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const at = canvas.current!;
    const [h, w] = [rows.length, rows[0]!.length];
    [at.width, at.height] = [w, h];
    const g = at.getContext("2d")!;
    const image = g.createImageData(w, h);
    rows.forEach((row, i) =>
      row.forEach((v, j) => {
        const e = 4 * (i * w + j);
        image.data[e] = image.data[e + 1] = image.data[e + 2] = (255 * v) / most;
        image.data[e + 3] = 255;
      }),
    );
    g.putImageData(image, 0, 0);
  }, [rows, most]);
  return (
    <figure>
      <canvas ref={canvas} role="img" aria-label={`${name}, ${rows.length} by ${rows[0]!.length}`} />
      <figcaption>{name}</figcaption>
    </figure>
  );
}

function Developing({ name, course, most }: { name: string; course: Course; most: number }) {
  const { last } = course;
  const rows = useMemo(() => (last ? productOf(last.W, last.H) : null), [last]);
  if (!rows) return null;
  return <Picture name={`W H, ${name}`} rows={rows} most={most} />;
}

function Drop({ size, onData, onProblem }: { size: number; onData: (data: Data) => void; onProblem: (text: string) => void }) {
  const [over, setOver] = useState(false);
  const take = async (file: File | undefined) => {
    setOver(false);
    if (!file) return;
    try {
      onData(await read(file, size));
    } catch (error) {
      onProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(e) => (e.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => (e.preventDefault(), void take(e.dataTransfer?.files[0]))}
    >
      <label>
        Drop a picture, CSV or ratings here, or choose{" "}
        <input type="file" accept="image/*,.csv,.tsv,.txt" onChange={(e) => (void take(e.currentTarget.files?.[0]), (e.currentTarget.value = ""))} />
      </label>
    </div>
  );
}

async function read(file: File, size: number): Promise<Data> {
  if (file.type.startsWith("image/")) return { name: file.name, X: await readPicture(file, size), picture: true, note: null };
  if (file.size > 32 * 2 ** 20) throw new Error(`${file.name}: must be at most 32 MB; use mho factor`);
  const rows = readTable(await file.text(), file.name);
  const ratings = tableOfRatings(rows);
  if (!ratings) return { name: file.name, X: rows, picture: false, note: null };
  const note = `${ratings.known} ratings; unknown ones are filled with the mean here, mho recommend leaves them out.`;
  return { name: file.name, X: ratings.matrix, picture: false, note };
}

interface ActionProps extends Props {
  data: Data;
  courses: { [E in Engine]: Course };
  figure: Figure;
  say: (text: string) => void;
}

function Actions({ data, courses, figure, state: s, say }: ActionProps) {
  const drawing = () => svg(errorsFigure(courses, false));
  const length = Math.max(courses.digital.errors.length, courses.analog.errors.length);
  const table = () =>
    csv(["iteration", "digital", "analogue"], Array.from({ length }, (_, i) => [i + 1, courses.digital.errors[i] ?? null, courses.analog.errors[i] ?? null]));
  const { matrix: _, ...settings } = requestOf(s, data.X, "digital");
  const record = {
    view: "factorize",
    factorize: [requestOf(s, data.X, "digital"), requestOf(s, data.X, "analog")],
    answer: { digital: courses.digital.errors, analog: courses.analog.errors, W: courses.digital.last?.W, H: courses.digital.last?.H },
  };
  const levels = s.levels < 2 ? "None" : String(s.levels);
  const python = `import mho
from mho.chip import preset

X = mho.data.read_matrix("x.csv")
rank, iterations = ${settings.rank}, ${settings.iterations}
digital = mho.NMF(rank, engine="digital", max_iter=iterations, tol=0, random_state=${s.seed}).fit(X)
chip = preset("pku-2025").with_(g_min=0, levels=${levels}, sigma=${s.sigma}, dac_bits=None, adc_bits=None)
analog = mho.NMF(rank, engine=mho.Analog(chip, seed=${s.seed}), max_iter=iterations, tol=0, random_state=${s.seed}).fit(X)
`;
  return (
    <>
      <Exports
        onProblem={say}
        items={[
          { name: "CSV", title: "Errors by iteration", run: () => save("factorize.csv", table(), "text/csv") },
          { name: "SVG", title: figure.title, run: () => save("factorize.svg", drawing(), "image/svg+xml") },
          { name: "PNG", title: figure.title, run: async () => save("factorize.png", await png(drawing())) },
          { name: "JSON", title: "Requests, errors and factors", run: () => save("factorize.json", JSON.stringify(record), "application/json") },
          { name: "X as CSV", title: "The matrix, for mho factor", run: () => save("x.csv", data.X.map((row) => row.join(",")).join("\n") + "\n", "text/csv") },
        ]}
      />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python, from NMF's own start" text={python} />
        <Code title="Command, with the JSON of this view: the same numbers" text="mho lab --answer factorize.json" />
        <Code title="Command, with the matrix" text={`mho factor x.csv -k ${settings.rank} --max-iter ${settings.iterations} --seed ${s.seed} -o factors.safetensors`} />
      </Group>
    </>
  );
}

function JobList({ served, say, bump }: { served: NonNullable<Props["served"]>; say: (text: string) => void; bump: boolean }) {
  const [jobs, setJobs] = useState<Job[]>([]);
  const [again, look] = useState(0);
  useEffect(() => {
    let gone = false;
    const tell = () =>
      served.jobs().then(
        (found) => !gone && setJobs(found),
        (error: Error) => !gone && say(error.message),
      );
    void tell();
    const every = setInterval(tell, 1000);
    return () => {
      gone = true;
      clearInterval(every);
    };
  }, [served, bump, again]);
  const act = async (what: Promise<unknown>) => {
    await what.catch((error: Error) => say(error.message));
    look((n) => n + 1);
  };
  if (!jobs.length) return null;
  return (
    <>
      <h2>Jobs of mho lab</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Jobs">
        <table>
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">state</th>
              <th scope="col">iteration</th>
              <th scope="col">error</th>
              <th scope="col">do</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr key={job.id}>
                <td title={job.problem ?? ""}>{job.title}</td>
                <td>{job.state}</td>
                <td>{job.progress ? `${job.progress.iteration}${job.total ? ` of ${job.total}` : ""}` : "–"}</td>
                <td>{job.progress ? percent(job.progress.error) : "–"}</td>
                <td>
                  {["waiting", "running"].includes(job.state) ? (
                    <button type="button" onClick={() => act(served.cancel(job.id))}>Cancel</button>
                  ) : (
                    <>
                      {job.state === "done" ? (
                        <button type="button" onClick={() => act(served.result(job.id).then((r) => save(`${job.id}.json`, JSON.stringify(r), "application/json")))}>Result</button>
                      ) : (
                        <button type="button" onClick={() => act(served.resume(job.id))}>Run again</button>
                      )}{" "}
                      <button type="button" onClick={() => act(served.forget(job.id))} aria-label={`Remove ${job.title}`}>Remove</button>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
