import type { Thin } from "../core/positionTable.ts";
import type { Alert } from "./alerts.ts";

/** Shares of the buffer that call, and from which a call is over. */
const LEVELS = [
  { level: 1, calls: 0.25, over: 0.3 },
  { level: 2, calls: 0.1, over: 0.13 },
] as const;

/** What a call says. */
export interface MarginCall {
  readonly positionId: bigint;
  /** 0 when a call is over. */
  readonly level: 0 | 1 | 2;
  /** What is left of the buffer between initial and maintenance margin. */
  readonly left: number;
}

/** Calls owners when little is left, once for each level, and again only after it had recovered. */
export class MarginCalls {
  readonly #levels = new Map<bigint, 1 | 2>();

  /**
   * Return what to tell now. `thin` holds at least every position with less than a third of its buffer;
   * `bufferRatio` is what initial margin has above maintenance, as a share of maintenance.
   */
  next(thin: Iterable<Thin>, bufferRatio: number): readonly MarginCall[] {
    const calls: MarginCall[] = [];
    const seen = new Set<bigint>();
    for (const { positionId, equity, required } of thin) {
      seen.add(positionId);
      const left = (equity - required) / (required * bufferRatio);
      const before = this.#levels.get(positionId) ?? 0;
      const level = levelOf(left, before);
      if (level === 0) this.#levels.delete(positionId);
      else this.#levels.set(positionId, level);
      if (level > before || (level === 0 && before > 0)) calls.push({ positionId, level, left });
    }
    for (const positionId of this.#levels.keys()) {
      if (seen.has(positionId)) continue;
      this.#levels.delete(positionId);
      calls.push({ positionId, level: 0, left: 1 });
    }
    return calls;
  }
}

/** Return what tells an owner of a call. */
export function alertOf(call: MarginCall, market: string): Alert {
  const share = `${Math.max(0, Math.round(call.left * 100))}%`;
  return {
    name: `margin-call ${market} ${call.positionId}`,
    severity: call.level === 2 ? "critical" : "warning",
    text: `Position "${call.positionId}" has "${share}" of its buffer left. Add margin or make it smaller.`,
  };
}

/** A level is left only well above where it begins. */
function levelOf(left: number, before: 0 | 1 | 2): 0 | 1 | 2 {
  let level: 0 | 1 | 2 = 0;
  for (const { level: next, calls, over } of LEVELS) {
    if (left <= (before >= next ? over : calls)) level = next;
  }
  return level;
}
