/** An answer that follows its request: the newest wins, and one is under way at a time. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Live<T> {
  answer: T | null;
  problem: string | null;
  /** From the change to the answer, milliseconds. */
  took: number;
}

export function useLive<T>(key: string, ask: () => Promise<T>): Live<T> {
  const [live, setLive] = useState<Live<T>>({ answer: null, problem: null, took: 0 });
  const state = useRef({ busy: false, gone: false, wanted: "", ask });
  state.current.wanted = key;
  state.current.ask = ask;
  // not after the next paint: an answer takes less than a frame
  useLayoutEffect(() => {
    const s = state.current;
    const run = async () => {
      if (s.busy) return;
      s.busy = true;
      for (;;) {
        const asked = s.wanted;
        const begun = performance.now();
        try {
          const answer = await s.ask();
          if (!s.gone) setLive({ answer, problem: null, took: performance.now() - begun });
        } catch (error) {
          setLive((before) => ({ ...before, problem: error instanceof Error ? error.message : String(error) }));
        }
        if (s.wanted === asked) break;
      }
      s.busy = false;
    };
    void run();
  }, [key]);
  useLayoutEffect(() => {
    const s = state.current;
    s.gone = false;
    return () => {
      s.gone = true;
    };
  }, []);
  return live;
}
