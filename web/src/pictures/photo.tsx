/** Photo: a photo's way through the chip that holds the codec's dictionary, to a file and back. */

import { Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { PhotoAnswer, PhotoRequest } from "../core/chip_photo";
import { total } from "../core/cost";
import { pngOf, type Pixels } from "../core/png";
import { csv, png, save, svg, type Figure } from "../exports";
import { designLiteral } from "../reproduce";
import { number, type State } from "../state";
import { Code, Exports, Fact, Group, Problem, Slider } from "../ui/controls";
import { palette, Plot } from "../ui/plot";
import { axisScale, percent, plain, quantity } from "../units";
import { useLive } from "../views/live";
import type { PictureBackend } from "./backend";
import { readPhoto } from "./photos";
import { Canvas, Drop } from "./show";

export const photoFields = {
  quality: number(60, 0, 100),
  bits: number(4, 1, 8),
  converters: number(8, 3, 12),
  sigma: number(0.02, 0, 0.2),
  low: number(0, 0, 0.1),
  high: number(0, 0, 0.1),
  dead: number(0, 0, 0.1),
  chip: number(7, 0, 99999),
  patch: number(190, 0, 1023),
};

interface Props {
  state: State<typeof photoFields>;
  change: (changes: Partial<State<typeof photoFields>>) => void;
  backend: PictureBackend;
  scheme: "light" | "dark";
}

const PRESET = "pku-2025-4bit";
const PATCH = 8;
const MOST_PIXELS = 24e6;
/** Pixels along the longer side of a photo on its way. */
const LONGEST = 256;

/** Grey, in whole patches. */
function greyOf({ m, n, planes, pixels }: Pixels): Pixels {
  const [rows, columns] = [m - (m % PATCH), n - (n % PATCH)];
  if (!rows || !columns) throw new Error(`must have sides of at least ${PATCH} pixels`);
  const grey = Uint8Array.from({ length: rows * columns }, (_, e) => {
    const at = (Math.floor(e / columns) * n + (e % columns)) * planes;
    return planes === 1 ? pixels[at]! : Math.round(0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!);
  });
  return { m: rows, n: columns, planes: 1, pixels: grey, alpha: null };
}

function requestOf(s: Props["state"], photo: Pixels): PhotoRequest {
  const { m, n, pixels } = photo;
  const changes = { levels: 2 ** s.bits, sigma: s.sigma, stuck_low: s.low, stuck_high: s.high, dead: s.dead };
  return { preset: PRESET, m, n, pixels, quality: s.quality, seed: s.chip, patch: s.patch, changes: { ...changes, dac_bits: s.converters, adc_bits: s.converters } };
}

export function Photo(props: Props) {
  const { backend, state: s, scheme } = props;
  const [photo, show] = useState<{ name: string; picture: Pixels } | null>(null);
  const [said, say] = useState<string | null>(null);
  const own = useLive("own", async () => (await backend.ask("own", null)) as Pixels);
  const shown = photo?.picture ?? own.answer;
  const live = useLive(JSON.stringify([s, photo?.name, shown?.m]), async () =>
    shown ? { answer: await backend.ask("photo", requestOf(s, shown)), photo: shown, state: s } : null,
  );
  const found = live.answer;
  return (
    <>
      <h1>Photo: its way through the chip</h1>
      <p class="lead">
        Cells hold the inverse of the codec's dictionary, written once. Each patch of 8 × 8 pixels goes in as voltages, the op-amps come to
        rest, and what the converters read are its codes: they are rounded, coded as a .mho file and decoded again, as you move the knobs.
      </p>
      <Drop
        words="Drop a photo here, or choose"
        accept="image/*"
        onFile={async (f) => show({ name: f.name, picture: greyOf(await readPhoto(f, MOST_PIXELS, LONGEST)) })}
        onProblem={say}
      />
      <Problem text={said ?? live.problem ?? own.problem} />
      <div class="two">
        <Knobs {...props} patches={found?.answer.patches ?? 1024} />
        <div>{found && <Results {...found} busy={JSON.stringify(found.state) !== JSON.stringify(s)} scheme={scheme} say={say} />}</div>
      </div>
    </>
  );
}

function Knobs({ state: s, change, patches }: Props & { patches: number }) {
  return (
    <div>
      <Group title="Cells">
        <Slider label="Bits of a cell" value={s.bits} least={1} most={8} show={(v) => `${v}, ${2 ** v} levels`} onChange={(bits) => change({ bits })} />
        <Slider label="Sigma of writing" value={s.sigma} least={0} most={0.2} step={0.001} show={(v) => percent(v)} onChange={(sigma) => change({ sigma })} />
        <Slider label="Stuck low" value={s.low} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(low) => change({ low })} />
        <Slider label="Stuck high" value={s.high} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(high) => change({ high })} />
        <Slider label="Dead" value={s.dead} least={0} most={0.1} step={0.001} show={(v) => percent(v)} onChange={(dead) => change({ dead })} />
        <button type="button" onClick={() => change({ chip: (s.chip + 1) % 100000 })}>Another chip</button>
      </Group>
      <Group title="Converters and file">
        <Slider label="Bits of a converter" value={s.converters} least={3} most={12} show={String} onChange={(converters) => change({ converters })} />
        <Slider label="Quality" value={s.quality} least={0} most={100} show={String} onChange={(quality) => change({ quality })} />
      </Group>
      <Group title="Patch that is watched">
        <Slider label="Patch" value={Math.min(s.patch, patches - 1)} least={0} most={patches - 1} show={(v) => `${v + 1} of ${patches}`} onChange={(patch) => change({ patch })} />
      </Group>
    </div>
  );
}

const SHOWN = 8;
const SAMPLES = 160;
const PAST = 1.25;

/** The outputs that move most, from zero to rest. */
function settlingFigure({ settling }: PhotoAnswer, patch: number, dark: boolean): Figure {
  const { rest, rates, read } = settling;
  const loudest = [...rest.keys()].sort((a, b) => Math.abs(rest[b]!) - Math.abs(rest[a]!)).slice(0, SHOWN);
  const [scale, unit] = axisScale(read, "s");
  const seconds = Array.from({ length: SAMPLES }, (_, i) => (PAST * read * i) / (SAMPLES - 1));
  const x = seconds.map((t) => t * scale);
  const colours = palette(dark);
  return {
    title: `Patch ${patch + 1} settles: the ${SHOWN} outputs that move most`,
    xLabel: `time, ${unit}`,
    yLabel: "output, mV",
    lines: loudest.map((j, i) => ({
      label: `code ${j + 1}`, x, y: seconds.map((t) => 1e3 * rest[j]! * (1 - Math.exp(-rates[j]! * t))), colour: colours[i]!,
    })),
    marks: [{ x: read * scale, label: "read" }],
  };
}

interface ResultProps {
  answer: PhotoAnswer;
  photo: Pixels;
  /** Of which this is the answer. */
  state: Props["state"];
  /** A newer one is under way. */
  busy: boolean;
  scheme: Props["scheme"];
  say: (text: string) => void;
}

function Results({ answer, photo, state: s, busy, scheme, say }: ResultProps) {
  const patch = Math.min(s.patch, answer.patches - 1);
  const figure = useMemo(() => settlingFigure(answer, patch, scheme === "dark"), [answer, patch, scheme]);
  const { chip, digital, parts } = answer;
  const [joules, seconds] = [total(parts, "joules"), total(parts, "seconds")];
  const decoded: Pixels = { ...photo, pixels: chip.pixels };
  const most = Math.max(...parts.map((p) => p.joules[1]));
  const spent = parts.filter((p) => p.joules[1] > 0);
  return (
    <>
      <dl class="facts" aria-live="polite" aria-busy={busy}>
        <Fact name="PSNR" value={`${chip.psnr.toFixed(2)} dB`} />
        <Fact name="on the CPU" value={`${digital.psnr.toFixed(2)} dB`} />
        <Fact name="bits a pixel" value={`${plain(chip.bits)}, CPU ${plain(digital.bits)}`} />
        <Fact name="energy, photo" value={quantity(joules[1], "J")} />
        <Fact name="time, photo" value={quantity(seconds[1], "s")} />
        <Fact name="error of a code" value={`${plain(answer.error)} levels`} />
      </dl>
      <div class="pictures">
        <figure>
          <Marked picture={photo} patch={patch} />
          <figcaption>goes in; the patch that is watched is framed</figcaption>
        </figure>
        <figure>
          <Canvas picture={decoded} name="The photo from the chip's codes" />
          <figcaption>from the chip's codes</figcaption>
        </figure>
        <figure>
          <Canvas picture={{ ...photo, pixels: differences(photo.pixels, chip.pixels) }} name="Difference, four times as strong" />
          <figcaption>difference, ×4 about grey</figcaption>
        </figure>
      </div>
      <Plot figure={figure} description={`${figure.title}; read after ${quantity(answer.settling.read, "s")}.`} scheme={scheme} height={260} />
      <h2>Where the energy goes</h2>
      <p class="soft">
        Of multiplying all patches, 40 nm, typical; {quantity(joules[0], "J")} to {quantity(joules[2], "J")} by what the parts are known to
        take. Writing the cells comes once for all photos.
      </p>
      <div class="bars">
        {spent.map((part) => (
          <Fragment key={part.name}>
            <span>{part.name}</span>
            <span class="bar" style={{ width: `${(100 * part.joules[1]) / most}%` }} />
            <span>{quantity(part.joules[1], "J")}</span>
          </Fragment>
        ))}
      </div>
      <Actions answer={answer} photo={photo} state={s} figure={figure} say={say} />
    </>
  );
}

function differences(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(a, (v, e) => Math.min(Math.max(128 + 4 * (b[e]! - v), 0), 255));
}

/** A photo with one patch in a frame. */
function Marked({ picture, patch }: { picture: Pixels; patch: number }) {
  const columns = picture.n / PATCH;
  const [row, column] = [Math.floor(patch / columns), patch % columns];
  const share = (of: number, whole: number) => `${(100 * PATCH * of) / whole}%`;
  return (
    <div class="marked">
      <Canvas picture={picture} name="The photo that goes in" />
      <i style={{ left: share(column, picture.n), top: share(row, picture.m), width: share(1, picture.n), height: share(1, picture.m) }} />
    </div>
  );
}

function Actions({ answer, photo, state: s, figure, say }: Omit<ResultProps, "scheme" | "busy"> & { figure: Figure }) {
  const { changes } = requestOf(s, photo);
  const drawing = () => svg(settlingFigure(answer, Math.min(s.patch, answer.patches - 1), false));
  const blob = async (of: Pixels) => new Blob([await pngOf(of)], { type: "image/png" });
  const table = () =>
    csv(
      [figure.xLabel, ...figure.lines.map((line) => `${line.label}, mV`)],
      figure.lines[0]!.x.map((x, i) => [x, ...figure.lines.map((line) => line.y[i] ?? null)]),
    );
  const record = () => ({
    view: "photo",
    photo: {
      pixels: Array.from({ length: photo.m }, (_, y) => [...photo.pixels.subarray(y * photo.n, (y + 1) * photo.n)]),
      preset: PRESET, changes, seed: s.chip, quality: s.quality,
    },
    answer: {
      psnr: answer.chip.psnr, bytes: answer.chip.file.length, digital: { psnr: answer.digital.psnr, bytes: answer.digital.file.length },
      error: answer.error, parts: answer.parts,
    },
  });
  return (
    <>
      <Exports
        onProblem={say}
        items={[
          { name: "CSV", title: "The curves of the patch", run: () => save("photo.csv", table(), "text/csv") },
          { name: "SVG", title: figure.title, run: () => save("photo.svg", drawing(), "image/svg+xml") },
          { name: "PNG", title: figure.title, run: async () => save("settling.png", await png(drawing())) },
          { name: "JSON", title: "Request and answer", run: () => save("photo.json", JSON.stringify(record()), "application/json") },
          { name: "Photo as PNG", title: "What goes in", run: async () => save("photo.png", await blob(photo)) },
          { name: "File as .mho", title: "What the chip's codes make", run: () => save("photo.mho", new Blob([answer.chip.file])) },
        ]}
      />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python" text={python(s, changes)} />
        <Code title="Command, with the JSON of this view" text="mho lab --answer photo.json" />
      </Group>
    </>
  );
}

function python(s: Props["state"], { dac_bits, adc_bits, ...others }: PhotoRequest["changes"]): string {
  const design = designLiteral(PRESET, others).replace("dac_bits=None, adc_bits=None", `dac_bits=${dac_bits}, adc_bits=${adc_bits}`);
  return `import numpy as np
from PIL import Image
from mho import cost
from mho.chip import preset
from mho.image import ChipDictionary
from mho.image.codec import Picture, decode, encode
from mho.image.quality import psnr_of_pixels

pixels = np.asarray(Image.open("photo.png"))
chip = ChipDictionary(chip=${design}, seed=${s.chip})
data = encode(Picture(pixels), quality=${s.quality}, engine=chip)
print(len(data), psnr_of_pixels(pixels, decode(data).pixels))  # bytes, dB
print(cost.estimate(chip.ledger))
`;
}
