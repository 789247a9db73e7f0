/** What every view is given. */

import type { Backend } from "../backend/protocol";
import type { Fields, State } from "../state";

export interface ViewProps<F extends Fields> {
  state: State<F>;
  change: (changes: Partial<State<F>>) => void;
  backend: Backend;
  /** Not null where `mho lab` serves the page. */
  served: import("../backend/served").ServedBackend | null;
  scheme: "light" | "dark";
}
