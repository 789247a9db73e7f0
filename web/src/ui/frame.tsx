/** What all views stand in: navigation over both pages, colour scheme, address. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ServedBackend } from "../backend/served";
import { fromAddress, PICTURE_VIEWS, toAddress, viewOf, VIEWS, type Fields, type PictureView, type State, type View } from "../state";
import { Problem } from "./controls";

const NAMES: { [V in View | PictureView]: string } = {
  bench: "Bench", device: "Device", factorize: "Factorize", cost: "Cost", photo: "Photo", open: "Open", clean: "Clean up",
};
const PAGES = { "index.html": VIEWS, "pictures.html": PICTURE_VIEWS } as const;
type Page = keyof typeof PAGES;

export type Scheme = "light" | "dark";

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

export interface Shown<V> {
  view: V;
  state: State<Fields>;
  change: (changes: Partial<State<Fields>>) => void;
  served: ServedBackend | null;
  scheme: Scheme;
}

interface Props<V extends string> {
  page: Page;
  fields: { [K in V]: Fields };
  note: string;
  children: (shown: Shown<V>) => ComponentChildren;
}

export function Frame<V extends View | PictureView>({ page, fields: all, note, children }: Props<V>) {
  const [scheme, turn] = useScheme();
  const [address, write] = useAddress();
  const served = useMemo(() => ServedBackend.here(), []);
  const view = viewOf(address, PAGES[page] as unknown as readonly V[]);
  const fields: Fields = all[view];
  const { state, problems } = useMemo(() => fromAddress(fields, address), [fields, address]);
  const change = (changes: Partial<State<Fields>>) => write(toAddress(view, fields, { ...state, ...changes } as State<Fields>));
  useEffect(() => {
    document.title = `${NAMES[view]} · mho lab`;
  }, [view]);
  const embedded = new URLSearchParams(location.search).has("embed");
  return (
    <div class={embedded ? "embedded" : ""}>
      <header>
        <strong>mho lab</strong>
        <nav aria-label="Views">
          {(Object.keys(PAGES) as Page[]).flatMap((of) =>
            PAGES[of].map((v) => (
              <a key={v} href={`${of === page ? "" : of}#${v}`} aria-current={v === view ? "page" : undefined}>
                {NAMES[v]}
              </a>
            )),
          )}
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
        {children({ view, state, change, served, scheme })}
      </main>
      <footer>{note} Nothing is fetched and nothing leaves this machine.</footer>
    </div>
  );
}
