/** A picture on a canvas, and files that are dropped. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { rgbaOf, type Pixels } from "../core/png";

export function Canvas({ picture, name }: { picture: Pixels; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const at = canvas.current!;
    [at.width, at.height] = [picture.n, picture.m];
    at.getContext("2d")!.putImageData(rgbaOf(picture), 0, 0);
  }, [picture]);
  return <canvas ref={canvas} class="shown" role="img" aria-label={`${name}, ${picture.n} by ${picture.m} pixels`} />;
}

interface DropProps {
  words: string;
  accept: string;
  onFile: (file: File) => Promise<void>;
  onProblem: (text: string | null) => void;
}

export function Drop({ words, accept, onFile, onProblem }: DropProps) {
  const [over, setOver] = useState(false);
  const take = async (file: File | undefined) => {
    setOver(false);
    if (!file) return;
    onProblem(null);
    await onFile(file).catch((error: Error) => onProblem(`${file.name}: ${error.message.replace(`${file.name}: `, "")}`));
  };
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(e) => (e.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => (e.preventDefault(), void take(e.dataTransfer?.files[0]))}
    >
      <label>
        {words}{" "}
        <input type="file" accept={accept} onChange={(e) => (void take(e.currentTarget.files?.[0]), (e.currentTarget.value = ""))} />
      </label>
    </div>
  );
}
