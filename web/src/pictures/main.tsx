/** The page of pictures. */

import { render } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { PictureView } from "../state";
import "../style.css";
import { Frame, type Shown } from "../ui/frame";
import { PictureBackend } from "./backend";
import { Clean, cleanFields } from "./clean";
import { Open, openFields } from "./open";
import { Photo, photoFields } from "./photo";

const FIELDS = { photo: photoFields, open: openFields, clean: cleanFields };
const SHOWN = { photo: Photo, open: Open, clean: Clean };

function Inside({ view, state, change, scheme }: Shown<PictureView>) {
  const backend = useMemo(() => new PictureBackend(), []);
  useEffect(() => void Object.assign(window, { mhoPictures: backend }), [backend]);
  const View = SHOWN[view];
  return <View {...{ state: state as never, change: change as never, backend, scheme }} />;
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(
  <Frame<PictureView> page="pictures.html" fields={FIELDS} note="The chip is simulated.">
    {(shown) => <Inside {...shown} />}
  </Frame>,
  root,
);
