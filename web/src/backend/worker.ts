/** The worker: answers messages with the local backend, so that the page never stands still. */

import core from "../core/mho.wasm?inline";
import { Kernels } from "../core/wasm";
import type { CostData } from "../core/cost";
import type { Presets } from "../core/design";
import type { FactorizeRequest } from "./protocol";
import { Local } from "./local";

export interface Message {
  id: number;
  method: "data" | "program" | "settle" | "solve" | "factorize" | "cost" | "cancel";
  request: unknown;
}

/** What Python has written, which the page holds and gives once, so that the file has it but once. */
export interface Data {
  presets: Presets;
  costs: CostData;
}

function bytes(inlined: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(inlined.slice(inlined.indexOf(",") + 1)), (c) => c.charCodeAt(0));
}

let backend: Promise<Local>;
const cancelled = new Set<number>();
const breath = () => new Promise((done) => setTimeout(done));

async function factorize(local: Local, id: number, request: FactorizeRequest) {
  const run = local.factorize(request);
  for (;;) {
    const step = run.next();
    if (step.done) return step.value;
    postMessage({ id, progress: step.value });
    await breath(); // messages are heard
    if (cancelled.delete(id)) throw new Error("cancelled");
  }
}

addEventListener("message", async ({ data }: MessageEvent<Message>) => {
  const { id, method, request } = data;
  if (method === "data") {
    const { presets, costs } = request as Data;
    backend = Kernels.load(bytes(core)).then((k) => new Local(k, presets, costs));
    return;
  }
  if (method === "cancel") {
    cancelled.add(request as number);
    return;
  }
  try {
    const local = await backend;
    const answer = method === "factorize" ? await factorize(local, id, request as FactorizeRequest) : local[method](request as never);
    postMessage({ id, answer });
  } catch (error) {
    postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
