import { z } from "zod";
import { FatalError } from "../core/errors.ts";
import { lastingMandate } from "../core/rescue.ts";
import { parseUnsignedWad, parseWad } from "../core/units.ts";
import { RiskInputError } from "./errors.ts";
import { parseJson } from "./marketFile.ts";
import type { PlannedPosition } from "./replay.ts";

const mandate = z.strictObject({
  cap: z.string(),
  targetRatio: z.string().default("2"),
  triggerRatio: z.string().default("1"),
});
const position = z.strictObject({
  name: z.string().min(1).optional(),
  size: z.string(),
  margin: z.string(),
  reserve: z.string(),
  mandate: mandate.optional(),
});
const file = z.strictObject({ positions: z.array(position).min(1) });

/**
 * Read positions from JSON: `{"positions": [{"name", "size", "margin", "reserve", "mandate": {"cap", "targetRatio",
 * "triggerRatio"}}]}`, amounts as decimal texts, a size below zero for a short.
 *
 * @throws {RiskInputError} When the file is not of that form.
 */
export function readPositions(text: string, path: string): readonly PlannedPosition[] {
  const parsed = file.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const needed = `a file of positions: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
    throw new RiskInputError("File", { found: path, needed });
  }
  try {
    return parsed.data.positions.map((found, index) => ({
      name: found.name ?? `position ${index + 1}`,
      size: parseWad(found.size),
      margin: parseUnsignedWad(found.margin),
      reserve: parseUnsignedWad(found.reserve),
      mandate:
        found.mandate === undefined
          ? undefined
          : lastingMandate({
              capLeft: parseUnsignedWad(found.mandate.cap),
              targetRatio: parseUnsignedWad(found.mandate.targetRatio),
              triggerRatio: parseUnsignedWad(found.mandate.triggerRatio),
            }),
    }));
  } catch (cause) {
    if (!(cause instanceof FatalError)) throw cause;
    throw new RiskInputError("File", {
      found: path,
      needed: `a file of positions: ${cause.message}`,
    });
  }
}
