import type { CliConfig } from "../config/cli.ts";
import type { Scene } from "../core/quote.ts";
import type { Position } from "../core/types.ts";
import { type History, readHistory } from "../risk/history.ts";
import { closedFormOdds, quoteOdds } from "../risk/odds.ts";
import type { CliIo } from "./io.ts";
import { chance } from "./output.ts";

/** What odds are reckoned from. */
export interface OddsBasis {
  readonly history: History | undefined;
  readonly sigma: number | undefined;
}

/** Chances of liquidation within a day. */
export interface DayOdds {
  /** From the past, where a history is set. */
  readonly empirical: number | undefined;
  readonly closedForm: number | undefined;
}

const DAY = 86_400;

/** Read what odds are reckoned from, as the settings name it. */
export async function oddsBasis(
  { history, sigma }: Pick<CliConfig, "history" | "sigma">,
  io: CliIo,
): Promise<OddsBasis> {
  const read = history === undefined ? undefined : readHistory(await io.readText(history), history);
  return { history: read, sigma };
}

/** Reckon the chances of liquidation within a day; nothing where neither history nor volatility is set. */
export function oddsOf(position: Position, scene: Scene, { history, sigma }: OddsBasis): DayOdds {
  if (position.size === 0n) return { empirical: 0, closedForm: 0 };
  if (history !== undefined) {
    const asked = sigma === undefined ? {} : { sigma };
    const [day] = quoteOdds({ position, scene, history, horizons: [DAY], ...asked }).horizons;
    return { empirical: day?.empirical?.p, closedForm: day?.closedForm };
  }
  if (sigma === undefined) return { empirical: undefined, closedForm: undefined };
  const [closedForm] = closedFormOdds({ position, scene, sigma, horizons: [DAY] });
  return { empirical: undefined, closedForm };
}

/** Write odds for reading. */
export function oddsText({ empirical, closedForm }: DayOdds): string {
  if (empirical === undefined) return chance(closedForm);
  return `${chance(empirical)} (closed form ${chance(closedForm)})`;
}
