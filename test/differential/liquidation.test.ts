import { expect } from "chai";
import fc from "fast-check";
import {
  type LiquidationOutcome,
  type LiquidationRefusal,
  previewLiquidation,
} from "../../scripts/core/liquidation.ts";
import { abs } from "../../scripts/core/wadMath.ts";
import { later, place, type Staging } from "../fixtures/staging.ts";
import { plain } from "../fixtures/structs.ts";
import { type VaultStage, vaultHarnessFixture } from "../fixtures/vaultHarness.ts";
import { scenes } from "./scenes.ts";

const WAD = 10n ** 18n;
const POSITION_ID = 7n;
/** Chain time of the first case; each one comes a minute later. */
const START = 4_000_000_000n;
const GAS = { gasLimit: 15_000_000n };
/** Hundreds of transactions take a while on a busy machine [ms]. */
const SLOW = 180_000;

const MARKETS = [
  { title: "a token with six decimals", decimals: 6n, skewScale: 10n ** 5n * WAD },
  { title: "a token with two decimals", decimals: 2n, skewScale: 10n ** 3n * WAD },
  {
    title: "a cheap base and a token with 18 decimals",
    decimals: 18n,
    skewScale: 10n ** 10n * WAD,
  },
];

describe("liquidate against its preview", () => {
  for (const { title, ...market } of MARKETS) {
    it(`agrees to the wei for ${title}`, async () => {
      const stage = await vaultHarnessFixture(market);
      const seen = { refused: 0, partial: 0, full: 0 };
      let now = START;
      await fc.assert(
        fc.asyncProperty(scenes({ skewScale: market.skewScale, now: START }), async (drawn) => {
          now += 60n;
          const scene = later(drawn, now - START);
          await place(stage, { ...scene, positionId: POSITION_ID, now });
          const { curves, scale } = stage;
          const preview = previewLiquidation(scene.position, { ...scene, curves, scale, now });
          seen[preview.kind] += 1;
          await stage.at(now);
          if (preview.kind === "refused") await expectRefusal(stage, preview);
          else await expectOutcome(stage, preview, scene);
        }),
        { numRuns: 100 },
      );
      // All three ends were met, else this test has shown little.
      expect(Math.min(seen.refused, seen.partial, seen.full)).to.be.greaterThan(0);
    }).timeout(SLOW);
  }
});

async function expectRefusal({ vault, double }: VaultStage, refusal: LiquidationRefusal) {
  const { kind: _, error, ...values } = refusal;
  await expect(vault.liquidate(POSITION_ID, "0x", double, GAS))
    .to.be.revertedWithCustomError(vault, error)
    .withArgs(POSITION_ID, ...Object.values(values));
}

async function expectOutcome(
  { vault, double }: VaultStage,
  outcome: LiquidationOutcome,
  { position, terms, price }: Staging,
) {
  const response = await vault.liquidate(POSITION_ID, "0x", double, GAS);
  const receipt = await response.wait();
  const logs = (receipt?.logs ?? []).map((log) => vault.interface.parseLog(log));
  const receiptArgs = logs.find((log) => log?.name === "PositionLiquidated")?.args.toObject();
  const sign = position.size > 0n ? 1n : -1n;
  expect(receiptArgs).to.deep.include({
    price,
    equity: outcome.equity,
    maintenanceMargin: outcome.maintenanceMargin,
    sizeDelta: -sign * outcome.closed,
    size: outcome.rest.size,
    fillPrice: outcome.fillPrice,
    fee: outcome.fee,
    keeperFee: outcome.keeperFee,
    paidOut: outcome.paidOut,
    shortfall: outcome.shortfall,
  });
  if (outcome.kind === "full") {
    // The box always pays the keeper (LAW-14).
    expect(outcome.keeperFee >= terms.keeperFeeFloor).to.equal(true);
    return;
  }
  const stored = await vault.position(POSITION_ID);
  const { size, openNotional, margin, reserve, fundingIndex, borrowIndex } = outcome.rest;
  const kept = { size, openNotional, margin, reserve, fundingIndex, borrowIndex };
  expect(plain(stored)).to.deep.include(kept);

  // What is left stands at its target or above, and is smaller (LAW-6).
  const ratio = terms.maintenanceMarginRatio + terms.liquidationFeeRatio;
  const left = abs(size);
  const gain = (size * price) / WAD - openNotional;
  const equity = margin + (gain < reserve ? gain : reserve);
  expect(left < abs(position.size)).to.equal(true);
  expect(equity * WAD ** 3n >= left * price * ratio * terms.liquidationTarget).to.equal(true);
}
