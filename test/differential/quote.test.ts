import { expect } from "chai";
import { ZeroAddress } from "ethers";
import fc from "fast-check";
import { fold } from "../../scripts/core/box.ts";
import { accrue } from "../../scripts/core/marketMath.ts";
import {
  health,
  type Opening,
  type OpenPreview,
  type OpenRefusal,
  previewOpen,
} from "../../scripts/core/quote.ts";
import { later, place, type Staging } from "../fixtures/staging.ts";
import { positionOf } from "../fixtures/states.ts";
import { plain } from "../fixtures/structs.ts";
import { type VaultStage, vaultHarnessFixture } from "../fixtures/vaultHarness.ts";
import { scenes } from "./scenes.ts";

const WAD = 10n ** 18n;
const POSITION_ID = 7n;
const OPENED_ID = 8n;
const START = 4_000_000_000n;
const SKEW_SCALE = 10n ** 5n * WAD;
const MARKET = { decimals: 6n, skewScale: SKEW_SCALE };
const GAS = { gasLimit: 15_000_000n };
/** Hundreds of transactions take a while on a busy machine [ms]. */
const SLOW = 180_000;

/** An order beside a scene: a new position or more of the scene's, well or badly margined. */
const orders = fc.record({
  scene: scenes({ skewScale: SKEW_SCALE, now: START }),
  opens: fc.boolean(),
  buys: fc.boolean(),
  sizeShare: fc.bigInt({ min: 1n, max: 3000n }),
  marginShare: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 200n })),
  reserveShare: fc.bigInt({ min: 50n, max: 1020n }),
  spread: fc.constantFrom(0n, 10n ** 15n),
  won: fc.constantFrom(true, false, false, false),
  isMarket: fc.boolean(),
});

describe("quotes against the contracts", () => {
  it("health agrees with MarketLens", async () => {
    const stage = await vaultHarnessFixture(MARKET);
    const lens = await stage.lens();
    let now = START;
    await fc.assert(
      fc.asyncProperty(scenes({ skewScale: SKEW_SCALE, now: START }), async (drawn) => {
        now += 60n;
        const scene = later(drawn, now - START);
        await stage.at(now);
        await stage.vault.place(scene.market, POSITION_ID, scene.position, scene.terms);
        await stage.answerAsCharter(scene.terms);
        // Reads see the time of the newest block.
        const expected = health(scene.position, {
          ...scene,
          curves: stage.curves,
          now: await stage.latest(),
        });
        const [item] = await lens.healthAt(stage.vault, [POSITION_ID], scene.price);
        expect(plain(item)).to.deep.include(expected);
      }),
      { numRuns: 60 },
    );
  }).timeout(SLOW);

  it("previewOpen agrees with what the vault does", async () => {
    const stage = await vaultHarnessFixture(MARKET);
    const seen = new Map<string, number>();
    let now = START;
    await fc.assert(
      fc.asyncProperty(orders, async ({ scene: drawn, won, ...order }) => {
        now += 60n;
        const scene = later(won ? withGain(drawn) : drawn, now - START);
        await place(stage, { ...scene, positionId: POSITION_ID, now });
        const opening = openingOf(scene, order);
        const preview = previewOpen(opening, { ...scene, curves: stage.curves, now });
        const outcome = preview.refusal?.error ?? "filled";
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        await stage.at(now);
        if (preview.refusal === undefined) await expectFilled(stage, opening, preview);
        else await expectRefused(stage, opening, preview.refusal);
      }),
      { numRuns: 150 },
    );
    expect([...seen.keys()]).to.include.members([
      "filled",
      "PositionAtCap",
      "ReserveOutOfBounds",
      "MarginBelowFees",
      "NotionalTooSmall",
      "InitialMarginNotMet",
    ]);
  }).timeout(SLOW);

  it("equity does not move when accruals are folded (LAW-6)", () => {
    fc.assert(
      fc.property(scenes({ skewScale: SKEW_SCALE, now: START }), (scene) => {
        const at = { ...scene, curves: { skewScale: SKEW_SCALE }, now: START };
        const folded = fold(scene.position, accrue(scene.market, START));
        expect(health(folded, at).equity).to.equal(health(scene.position, at).equity);
      }),
    );
  });
});

/** The same scene with a gain beyond any reserve. */
function withGain({ position, ...scene }: Staging): Staging {
  const openNotional = position.openNotional - 2n * position.reserve - position.margin;
  return { ...scene, position: { ...position, openNotional: openNotional - 2n ** 88n } };
}

interface RandomOrder {
  readonly opens: boolean;
  readonly buys: boolean;
  readonly sizeShare: bigint;
  readonly marginShare: bigint;
  readonly reserveShare: bigint;
  readonly spread: bigint;
  readonly isMarket: boolean;
}

/** Size per mille of the scene's position, margin and reserve per mille of the added notional. */
function openingOf({ position, price }: Staging, order: RandomOrder): Opening {
  const base = order.opens ? positionOf({}) : position;
  const magnitude = (size: bigint) => (size < 0n ? -size : size);
  const buys = order.opens ? order.buys : position.size > 0n;
  const size = (magnitude(position.size) * order.sizeShare) / 1000n + 1n;
  const worth = (size * price) / WAD;
  return {
    position: base,
    sizeDelta: buys ? size : -size,
    margin: (worth * order.marginShare) / 1000n,
    reserve: (worth * order.reserveShare) / 1000n,
    spread: order.spread,
    isMarket: order.isMarket,
  };
}

function requestOf(opening: Opening, owner: string) {
  const opens = opening.position.size === 0n;
  return {
    kind: 0n,
    positionId: opens ? OPENED_ID : POSITION_ID,
    opener: opens ? owner : ZeroAddress,
    sizeDelta: opening.sizeDelta,
    reduceOnly: false,
    counted: !opens && opening.isMarket === true,
    margin: opening.margin,
    reserve: opening.reserve,
    acceptablePrice: opening.sizeDelta > 0n ? 2n ** 200n : 0n,
    termsId: 1n,
    spread: opening.spread ?? 0n,
    keeperFeeFromMargin: 0n,
    transfers: 0n,
  };
}

async function expectFilled({ vault, double }: VaultStage, opening: Opening, preview: OpenPreview) {
  const request = requestOf(opening, await double.getAddress());
  const response = await double.fill(vault, request, GAS);
  const receipt = await response.wait();
  const logs = (receipt?.logs ?? []).map((log) => vault.interface.parseLog(log));
  const increased = logs.find((log) => log?.name === "PositionIncreased")?.args.toObject();
  expect(increased).to.deep.include({ fillPrice: preview.fillPrice, fee: preview.fee });
  const { size, openNotional, margin, reserve, fundingIndex, borrowIndex } = preview.position;
  const kept = { size, openNotional, margin, reserve, fundingIndex, borrowIndex };
  expect(plain(await vault.position(request.positionId))).to.deep.include(kept);
  const { longOpenInterest, shortOpenInterest } = await vault.market();
  expect(preview.openInterest).to.equal(size > 0n ? longOpenInterest : shortOpenInterest);
  // Emptied, so that the next case can open it again.
  await vault.clear(OPENED_ID);
}

async function expectRefused(
  { vault, double }: VaultStage,
  opening: Opening,
  refusal: OpenRefusal,
) {
  const request = requestOf(opening, await double.getAddress());
  const { error, ...values } = refusal;
  const named = error === "PositionAtCap" || error === "InitialMarginNotMet";
  const args = named ? [request.positionId, ...Object.values(values)] : Object.values(values);
  await expect(double.fill(vault, request, GAS))
    .to.be.revertedWithCustomError(vault, error)
    .withArgs(...args);
}
