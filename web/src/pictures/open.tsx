/** Open: a `.mho` file as a picture. */

import { useState } from "preact/hooks";
import { sectionNames } from "../core/mho_file";
import { pngOf } from "../core/png";
import { save } from "../exports";
import type { Fields } from "../state";
import { Code, Exports, Fact, Group, Problem } from "../ui/controls";
import { plain } from "../units";
import type { Answer, PictureBackend } from "./backend";
import { Canvas, Drop } from "./show";

export const openFields = {} satisfies Fields;

/** Of a file. */
const MOST_BYTES = 256 * 2 ** 20;

interface File_ {
  name: string;
  bytes: number;
  picture: Answer<"open"> & { took: number };
}

export async function opened(backend: PictureBackend, file: File): Promise<File_> {
  if (file.size > MOST_BYTES) throw new Error(`must be at most ${MOST_BYTES / 2 ** 20} MB, has ${(file.size / 2 ** 20).toFixed(0)} MB`);
  const data = new Uint8Array(await file.arrayBuffer());
  return { name: file.name, bytes: data.length, picture: await backend.ask("open", { data }, 0, [data.buffer]) };
}

export function Open({ backend }: { backend: PictureBackend }) {
  const [file, show] = useState<File_ | null>(null);
  const [said, say] = useState<string | null>(null);
  return (
    <>
      <h1>Open: a picture of the format .mho</h1>
      <p class="lead">
        Versions 1 and 2 of the format, by the same decoder as in Python, compiled to WebAssembly: the same pixels, bit for bit. The file stays
        on this machine.
      </p>
      <Drop words="Drop a .mho file here, or choose" accept=".mho" onFile={async (f) => show(await opened(backend, f))} onProblem={say} />
      <Problem text={said} />
      {file && <Result file={file} say={say} />}
    </>
  );
}

function Result({ file, say }: { file: File_; say: (text: string) => void }) {
  const { picture, name, bytes } = file;
  const { header: h, m, n } = picture;
  const stem = name.replace(/\.mho$/i, "") || "picture";
  const beside = sectionNames(h);
  const chroma = h.planes === 1 ? "grey" : h.halved ? "chroma halved" : "chroma in full";
  return (
    <>
      <dl class="facts" aria-live="polite">
        <Fact name="pixels" value={`${n} × ${m}`} />
        <Fact name="file" value={`${bytes.toLocaleString("en")} bytes`} />
        <Fact name="bits a pixel" value={plain((8 * bytes) / (m * n))} />
        <Fact name="format" value={`version ${h.version}, ${h.lossless ? `without loss, ${h.planes === 1 ? "grey" : "colour"}` : chroma}`} />
        <Fact name="beside" value={beside.join(", ") || "nothing"} />
        <Fact name="decoded in" value={`${plain(picture.took)} ms`} />
      </dl>
      {(h.sections.has(1) || h.sections.has(2)) && (
        <p class="soft">An ICC profile and the orientation of Exif are not applied here: the pixels are shown as they are stored.</p>
      )}
      <Exports
        onProblem={say}
        items={[
          {
            name: "PNG",
            title: "Every pixel as it is, alpha too",
            run: async () => save(`${stem}.png`, new Blob([await pngOf(picture)], { type: "image/png" })),
          },
        ]}
      />
      <Canvas picture={picture} name={name} />
      <Group title="The same in Python and at the command line" open={false}>
        <Code title="Python" text={`from pathlib import Path\nfrom mho.image.codec import decode\n\npicture = decode(Path("${stem}.mho").read_bytes())\n`} />
        <Code title="Command" text={`mho image decompress ${stem}.mho -o ${stem}.png`} />
      </Group>
    </>
  );
}
