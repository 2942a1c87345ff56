import { z } from "zod";
import type { CurveParameters, Terms } from "../core/types.ts";
import type { Rules } from "./books.ts";
import { RiskInputError } from "./errors.ts";

/** A market as `deploy/parameters` describes it. */
export interface MarketFile {
  readonly rules: Rules;
  /** Cap on the open interest of a side [WAD base]. */
  readonly maxOpenInterest: bigint;
}

const COMMENT_LINE = /^\s*\/\/.*$/gm;
/** Digits of the tokens that markets are made for, where the file does not tell. */
const TOKEN_SCALE = 10n ** 12n;

const whole = z.union([
  z
    .string()
    .regex(/^-?\d+n?$/)
    .transform((text) => BigInt(text.replace("n", ""))),
  z.number().int().transform(BigInt),
]);

const terms = z.object({
  initialMarginRatio: whole,
  maintenanceMarginRatio: whole,
  liquidationFeeRatio: whole,
  positionFeeRatio: whole,
  liquidationTarget: whole,
  minReserveRatio: whole,
  liquidationCooldown: whole,
  keeperFeeFloor: whole,
  keeperFeeCap: whole,
  minMaintenance: whole,
  minMargin: whole,
  minNotional: whole,
}) satisfies z.ZodType<Terms>;

const curves = z.object({
  skewScale: whole,
  fundingScale: whole,
  maxFundingRate: whole,
  minBorrowRate: whole,
  kinkBorrowRate: whole,
  maxBorrowRate: whole,
  kinkUtilization: whole,
}) satisfies z.ZodType<CurveParameters>;

const file = z.object({
  Market: z.object({ terms, curves, protocolFeeShare: whole, maxOpenInterest: whole }),
});

/**
 * Read a file of `deploy/parameters`: JSON but for lines of comment, numbers with an `n` behind.
 *
 * @throws {RiskInputError} When it is no such file; what is missing is named.
 */
export function readMarketFile(text: string, path: string): MarketFile {
  const parsed = file.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    throw new RiskInputError("Market file", {
      found: path,
      needed: `a file of deploy/parameters: ${where} ${issue?.message ?? ""}`.trim(),
    });
  }
  const { maxOpenInterest, protocolFeeShare, ...market } = parsed.data.Market;
  return { rules: { ...market, protocolFeeShare, scale: TOKEN_SCALE }, maxOpenInterest };
}

/**
 * Parse JSON with lines of comment.
 *
 * @throws {RiskInputError} When it is none.
 */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(COMMENT_LINE, ""));
  } catch (cause) {
    const needed = `JSON (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new RiskInputError("File", { found: path, needed });
  }
}
