import { formatWad } from "../core/units.ts";

/** Write a share for reading. */
export function percent(share: number, digits = 2): string {
  if (!Number.isFinite(share)) return "–";
  return `${(share * 100).toFixed(digits)}%`;
}

/** Write an amount for reading, with two digits after the point. */
export function money(amount: number): string {
  if (!Number.isFinite(amount)) return "–";
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** Write a WAD for reading. */
export function wadText(amount: bigint, digits = 2): string {
  return formatWad(amount, digits);
}

/** Write a duration for reading [s]. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "never";
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const [size, name] = units.find(([unit]) => seconds >= unit) ?? [1, "s"];
  const count = seconds / size;
  return `${Number.isInteger(count) ? count : count.toFixed(1)} ${name}`;
}

/** Write a leverage for reading. */
export function times(leverage: number): string {
  return `${leverage.toFixed(1)}x`;
}
