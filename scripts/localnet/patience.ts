import { setTimeout as sleep } from "node:timers/promises";

import { RetryableError } from "../core/errors.ts";

const TRIES = 20;
const PAUSE_MS = 15;

/**
 * Ask again when an answer fails in a way that passes: a node that is mining may answer with parts of two blocks.
 *
 * @throws RetryableError when it does not pass; anything else at once.
 */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await ask();
    } catch (cause) {
      if (!(cause instanceof RetryableError) || left <= 1) throw cause;
      await sleep(PAUSE_MS);
    }
  }
}
