/** The page: navigation, colour scheme, address, and the view that it names. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { PageBackend } from "./backend/page";
import { ServedBackend } from "./backend/served";
import { fromAddress, toAddress, viewOf, type Fields, type State, type View } from "./state";
import { Problem } from "./ui/controls";
import { Bench, benchFields } from "./views/bench";
import { CostView, costFields } from "./views/cost";
import { Device, deviceFields } from "./views/device";
import { Factorize, factorizeFields } from "./views/factorize";

const FIELDS: { [V in View]: Fields } = { bench: benchFields, device: deviceFields, factorize: factorizeFields, cost: costFields };
const NAMES: { [V in View]: string } = { bench: "Bench", device: "Device", factorize: "Factorize", cost: "Cost" };

const SHOWN = { bench: Bench, device: Device, factorize: Factorize, cost: CostView };

type Scheme = "light" | "dark";

function useScheme(): [Scheme, () => void] {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const [chosen, choose] = useState<Scheme | null>(null);
  const [dark, setDark] = useState(system.matches);
  useEffect(() => {
    const turned = () => setDark(system.matches);
    system.addEventListener("change", turned);
    return () => system.removeEventListener("change", turned);
  }, []);
  const scheme = chosen ?? (dark ? "dark" : "light");
  document.documentElement.dataset.scheme = scheme;
  return [scheme, () => choose(scheme === "dark" ? "light" : "dark")];
}

/** The state of the address, which the back button walks. */
function useAddress() {
  const [address, setAddress] = useState(location.hash);
  useEffect(() => {
    const moved = () => setAddress(location.hash);
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const write = (next: string) => {
    history.replaceState(null, "", next);
    setAddress(next);
  };
  return [address, write] as const;
}

export function App() {
  const [scheme, turn] = useScheme();
  const [address, write] = useAddress();
  const page = useMemo(() => new PageBackend(), []);
  const served = useMemo(() => ServedBackend.here(), []);
  const view = viewOf(address);
  const fields = FIELDS[view];
  const { state, problems } = useMemo(() => fromAddress(fields, address), [fields, address]);
  const change = (changes: Partial<State<Fields>>) => write(toAddress(view, fields, { ...state, ...changes } as State<Fields>));
  useEffect(() => {
    document.title = `${NAMES[view]} · mho lab`;
    Object.assign(window, { mhoLab: { page, served } });
  }, [view, page, served]);
  const Shown = SHOWN[view];
  const given = { state: state as never, change: change as never, backend: page, served, scheme };
  const embedded = new URLSearchParams(location.search).has("embed");
  return (
    <div class={embedded ? "embedded" : ""}>
      <header>
        <strong>mho lab</strong>
        <nav aria-label="Views">
          {(Object.keys(FIELDS) as View[]).map((v) => (
            <a key={v} href={`#${v}`} aria-current={v === view ? "page" : undefined}>
              {NAMES[v]}
            </a>
          ))}
        </nav>
        <span class="where">
          <span>{served ? "served by mho lab" : "computed in this page"}</span>
          <button type="button" onClick={turn} aria-label={`Turn to ${scheme === "dark" ? "light" : "dark"} colours`}>
            {scheme === "dark" ? "Light" : "Dark"}
          </button>
        </span>
      </header>
      <main>
        <Problem text={problems.length ? `${problems[0]![0]!.toUpperCase()}${problems.join("; ").slice(1)}.` : null} />
        <Shown {...given} />
      </main>
      <footer>
        The circuit is a hypothesis that fits what is published of the chip and is checked in ngspice. Nothing is fetched and nothing leaves
        this machine.
      </footer>
    </div>
  );
}
