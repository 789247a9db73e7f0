/** Workers that hold the kernels of pictures. */

import PictureWorker from "./worker?worker&inline";
import type { Mixed, Strip } from "../core/clean";
import type { Noise } from "../core/noise";
import type { Pixels } from "../core/png";
import { buffersOf } from "./buffers";
import type { Message, Method, Methods } from "./worker";

type Request<M extends Method> = Parameters<Methods[M]>[1];
export type Answer<M extends Method> = Awaited<ReturnType<Methods[M]>>;

interface Waiting {
  done(answer: { answer: unknown; took: number }): void;
  failed(error: Error): void;
}

class Hand {
  private readonly worker = new PictureWorker();
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  constructor() {
    this.worker.onmessage = ({ data }) => {
      const one = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error === undefined) one?.done(data);
      else one?.failed(new Error(data.error));
    };
    this.worker.onerror = (event) => {
      for (const one of this.waiting.values()) one.failed(new Error(`the page's worker has failed: ${event.message}`));
      this.waiting.clear();
    };
  }

  ask(method: Method, request: unknown, give: Transferable[]): Promise<{ answer: unknown; took: number }> {
    const id = this.next++;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.worker.postMessage({ id, method, request } satisfies Message, give);
    });
  }
}

const MOST_HANDS = 8;

/** Strips for each of them. */
const STRIPS = 4;

type Progress = (share: number) => void;

export class PictureBackend {
  private readonly hands: Hand[] = [];

  /** How many work at once. */
  readonly count = Math.max(1, Math.min(MOST_HANDS, navigator.hardwareConcurrency || 1));

  private hand(i: number): Hand {
    return (this.hands[i] ??= new Hand());
  }

  /** The answer of one of them, and the milliseconds that it took. */
  async ask<M extends Method>(method: M, request: Request<M>, hand = 0, give: Transferable[] = []): Promise<Answer<M> & { took: number }> {
    const { answer, took } = await this.hand(hand).ask(method, request, give);
    return { ...(answer as Answer<M>), took };
  }

  /** The mixtures of all strips; whoever is free takes the next. */
  private async mixed(strips: readonly Strip[], done: () => void): Promise<Mixed[]> {
    const found: Mixed[] = [];
    let next = 0;
    const work = async (hand: number) => {
      while (next < strips.length) {
        const strip = strips[next++]!;
        found.push(await this.ask("mix", strip, hand, buffersOf(strip)));
        done();
      }
    };
    await Promise.all(Array.from({ length: this.count }, (_, hand) => work(hand)));
    return found;
  }

  /** Pixels with less noise; `progress` is told shares of the work. */
  denoise(picture: Pixels, noise: Noise, progress: Progress = () => undefined): Promise<Uint8Array<ArrayBuffer>> {
    return this.passes((parts) => this.ask("denoise", { picture, noise, parts }), progress);
  }

  /** Pixels with those filled in that a mask (m, n) marks as lost. */
  fill(picture: Pixels, mask: Uint8Array, progress: Progress = () => undefined): Promise<Uint8Array<ArrayBuffer>> {
    return this.passes((parts) => this.ask("fill", { picture, mask, parts }), progress);
  }

  private async passes(begin: (parts: number) => Promise<Answer<"next">>, progress: Progress): Promise<Uint8Array<ArrayBuffer>> {
    const parts = STRIPS * this.count;
    let done = 0;
    let turn = await begin(parts);
    const { passes } = turn;
    while (!turn.pixels) {
      const share = 1 / (passes * turn.strips.length);
      const mixed = await this.mixed(turn.strips, () => progress((done += share)));
      turn = await this.ask("next", { mixed, parts }, 0, buffersOf(mixed));
    }
    return turn.pixels;
  }
}
