/** The lab's page: the views of circuits. */

import { useEffect, useMemo } from "preact/hooks";
import { PageBackend } from "./backend/page";
import { Frame, type Shown } from "./ui/frame";
import type { View } from "./state";
import { Bench, benchFields } from "./views/bench";
import { CostView, costFields } from "./views/cost";
import { Device, deviceFields } from "./views/device";
import { Factorize, factorizeFields } from "./views/factorize";

const FIELDS = { bench: benchFields, device: deviceFields, factorize: factorizeFields, cost: costFields };
const SHOWN = { bench: Bench, device: Device, factorize: Factorize, cost: CostView };
const NOTE = "The circuit is a hypothesis that fits what is published of the chip and is checked in ngspice.";

export function App() {
  return (
    <Frame<View> page="index.html" fields={FIELDS} note={NOTE}>
      {(shown) => <Inside {...shown} />}
    </Frame>
  );
}

function Inside({ view, state, change, served, scheme }: Shown<View>) {
  const page = useMemo(() => new PageBackend(), []);
  useEffect(() => void Object.assign(window, { mhoLab: { page, served } }), [page, served]);
  const View = SHOWN[view];
  return <View {...{ state: state as never, change: change as never, backend: page, served, scheme }} />;
}
