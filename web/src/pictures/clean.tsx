/** Clean up: noise of a photo taken away, lost pixels filled in. */

import { useState } from "preact/hooks";
import type { Noise } from "../core/noise";
import { pngOf, type Pixels } from "../core/png";
import { save } from "../exports";
import { choice, number, type State } from "../state";
import { Choice, Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { plain } from "../units";
import type { PictureBackend } from "./backend";
import { opened } from "./open";
import { Paint } from "./paint";
import { readPhoto } from "./photos";
import { Canvas, Drop } from "./show";

export const cleanFields = {
  noise: choice(["estimated", "told"]),
  sigma: number(10, 0.1, 60),
  gain: number(0, 0, 10),
  brush: number(9, 1, 99),
};

interface Props {
  state: State<typeof cleanFields>;
  change: (changes: Partial<State<typeof cleanFields>>) => void;
  backend: PictureBackend;
}

/** Floats of 4 bytes that a pixel takes on its way are some forty. */
const MOST_PIXELS = 12e6;

/** What has been done, for the lines that do it again. */
type Step = { kind: "noise"; noise: Noise; told: boolean } | { kind: "fill" };

interface Photo {
  name: string;
  original: Pixels;
  /** The last one is shown. */
  states: { picture: Pixels; step: Step | null }[];
  estimated: Noise | null;
  mask: Uint8Array;
  /** Milliseconds of the last work. */
  took: number | null;
}

const MOST_STATES = 6;

async function read(backend: PictureBackend, file: File): Promise<Photo> {
  const picture = /\.mho$/i.test(file.name) ? (await opened(backend, file)).picture : await readPhoto(file, MOST_PIXELS);
  if (picture.m * picture.n > MOST_PIXELS)
    throw new Error(`must be at most ${MOST_PIXELS / 1e6} megapixels, has ${((picture.m * picture.n) / 1e6).toFixed(1)}; use mho image clean`);
  const { m, n, planes, pixels, alpha } = picture;
  const original: Pixels = { m, n, planes, pixels, alpha };
  const estimated = await backend.ask("noise", original).then(({ gain, sigma }) => ({ gain, sigma }), () => null);
  return { name: file.name, original, states: [{ picture: original, step: null }], estimated, mask: new Uint8Array(m * n), took: null };
}

const noiseText = ({ sigma, gain }: Noise) => `${plain(sigma)} grey levels${gain ? `, gain ${plain(gain)}` : ""}`;

export function Clean(props: Props) {
  const { backend } = props;
  const [photo, show] = useState<Photo | null>(null);
  const [said, say] = useState<string | null>(null);
  return (
    <>
      <h1>Clean up: noise and scratches of a photo</h1>
      <p class="lead">
        Patches that look alike are factored group by group with non-negative factors, by the same code as <code>mho image clean</code>. The
        photo stays on this machine.
      </p>
      <Drop words="Drop a photo or a .mho file here, or choose" accept="image/*,.mho" onFile={async (f) => show(await read(backend, f))} onProblem={say} />
      <Problem text={said} />
      {photo && <Work {...props} photo={photo} show={show} say={say} />}
    </>
  );
}

function Work({ photo, show, say, state: s, change, backend }: Props & { photo: Photo; show: (photo: Photo) => void; say: (text: string | null) => void }) {
  const [progress, tell] = useState<number | null>(null);
  const [before, look] = useState(false);
  const [stroke, marked] = useState(0);
  const { picture } = photo.states[photo.states.length - 1]!;
  const noise = s.noise === "told" ? { sigma: s.sigma, gain: s.gain } : photo.estimated;
  const lost = photo.mask.some(Boolean);
  const run = async (step: Step, work: () => Promise<Uint8Array<ArrayBuffer>>) => {
    say(null);
    tell(0);
    look(false);
    const begun = performance.now();
    try {
      const next = { picture: { ...picture, pixels: await work() }, step };
      const mask = step.kind === "fill" ? new Uint8Array(photo.mask.length) : photo.mask;
      show({ ...photo, states: [...photo.states, next].slice(-MOST_STATES), mask, took: performance.now() - begun });
    } catch (error) {
      say((error as Error).message);
    }
    tell(null);
  };
  const denoise = () => noise && run({ kind: "noise", noise, told: s.noise === "told" }, () => backend.denoise(picture, noise, tell));
  const fill = () => run({ kind: "fill" }, () => backend.fill(picture, photo.mask, tell));
  const clear = () => (photo.mask.fill(0), marked((x) => x + 1));
  const working = progress !== null;
  return (
    <div class="two">
      <div>
        <Group title="Noise">
          <Choice label="Noise is" value={s.noise} of={[["estimated", "estimated from flat places"], ["told", "told"]]} onChange={(v) => change({ noise: v })} />
          {s.noise === "told" ? (
            <>
              <Slider label="Sigma" value={s.sigma} least={0.1} most={60} step={0.1} show={(v) => `${plain(v)} levels`} onChange={(sigma) => change({ sigma })} />
              <Slider label="Gain" value={s.gain} least={0} most={10} step={0.05} show={plain} hint="what the variance grows by with each grey level" onChange={(gain) => change({ gain })} />
            </>
          ) : (
            <p class="soft">{photo.estimated ? `Sigma ${noiseText(photo.estimated)}.` : "Too small, or all black and white: tell the noise."}</p>
          )}
          <button type="button" class="primary" disabled={working || !noise || !(noise.sigma || noise.gain)} onClick={() => void denoise()}>
            Take noise away
          </button>
        </Group>
        <Group title="Lost pixels">
          <Slider label="Brush" value={s.brush} least={1} most={99} show={(v) => `${v} pixels`} onChange={(brush) => change({ brush })} />
          <div class="row">
            <button type="button" class="primary" disabled={working || !lost} onClick={() => void fill()}>Fill in</button>
            <button type="button" disabled={working || !lost} onClick={clear}>Forget marks</button>
          </div>
          <p class="soft">Paint over scratches, spots and words; what is painted is filled in from patches that look alike.</p>
        </Group>
        <div class="row">
          <button type="button" disabled={working || photo.states.length < 2} onClick={() => show({ ...photo, states: photo.states.slice(0, -1), took: null })}>
            Undo
          </button>
          <button type="button" aria-pressed={before} onClick={() => look(!before)}>Show the original</button>
        </div>
      </div>
      <div>
        <dl class="facts" aria-live="polite">
          <Fact name="pixels" value={`${picture.n} × ${picture.m}, ${picture.planes === 1 ? "grey" : "colour"}`} />
          <Fact name="noise, estimated" value={photo.estimated ? noiseText(photo.estimated) : "–"} />
          <Fact name="work" value={working ? `${Math.round(100 * progress)} %` : photo.took === null ? "none yet" : `done in ${plain(photo.took / 1e3)} s`} />
        </dl>
        {working && <progress max={1} value={progress} aria-label="Work done" />}
        {before ? (
          <Canvas picture={photo.original} name={`${photo.name} as it was`} />
        ) : (
          <Paint picture={picture} mask={photo.mask} stroke={stroke} brush={s.brush} name={photo.name} onMark={() => marked((x) => x + 1)} />
        )}
        <Results photo={photo} picture={picture} say={say} />
      </div>
    </div>
  );
}

function Results({ photo, picture, say }: { photo: Photo; picture: Pixels; say: (text: string) => void }) {
  const stem = photo.name.replace(/\.\w+$/, "") || "photo";
  const blob = async (of: Pixels) => new Blob([await pngOf(of)], { type: "image/png" });
  const lost: Pixels = { ...picture, planes: 1, pixels: photo.mask.map((v) => 255 * v) as Uint8Array<ArrayBuffer>, alpha: null };
  const steps = photo.states.flatMap(({ step }) => (step ? [step] : []));
  return (
    <>
      <Exports
        onProblem={say}
        items={[
          { name: "PNG", title: "The photo as it is now", run: async () => save(`${stem}-clean.png`, await blob(picture)) },
          { name: "Marks as PNG", title: "White where pixels are lost, for mho image clean --mask", run: async () => save("lost.png", await blob(lost)) },
        ]}
      />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python" text={python(photo.name, picture, steps)} />
        <Code title="Command" text={commands(photo.name, steps)} />
      </Group>
    </>
  );
}

function python(name: string, picture: Pixels, steps: readonly Step[]): string {
  const lines = steps.map((step) => {
    if (step.kind === "fill") return 'pixels = inpaint(pixels, np.asarray(Image.open("lost.png").convert("L")) > 0)';
    return `pixels = denoise(pixels${step.told ? `, ${step.noise.sigma}${step.noise.gain ? `, gain=${step.noise.gain}` : ""}` : ""})`;
  });
  return `import numpy as np
from PIL import Image
from mho.image.cleanup import denoise, inpaint

pixels = np.asarray(Image.open("${name.replace(/["\\]/g, "")}").convert("${picture.planes === 1 ? "L" : "RGB"}"))
${(lines.length ? lines : ["pixels = denoise(pixels)"]).join("\n")}
Image.fromarray(pixels).save("clean.png")
`;
}

function commands(name: string, steps: readonly Step[]): string {
  const quoted = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
  const options = steps.map((step) => {
    if (step.kind === "fill") return "--mask lost.png";
    return step.told ? `--noise ${step.noise.sigma}${step.noise.gain ? ` --gain ${step.noise.gain}` : ""}` : "--noise auto";
  });
  const each = options.length ? options : ["--noise auto"];
  return each.map((option, i) => `mho image clean ${i ? "clean.png" : quoted} -o clean.png ${option}`).join("\n");
}
