import { expect } from "chai";
import { parseEther } from "ethers";
import { previewLiquidation } from "../../../scripts/core/liquidation.ts";
import { attach } from "../../../scripts/core/marketMath.ts";
import { health, previewOpen } from "../../../scripts/core/quote.ts";
import type { Market, Position } from "../../../scripts/core/types.ts";
import { curvesOf, marketOf, positionOf, termsOf } from "../../fixtures/states.ts";

/** A token with six decimals. */
const SCALE = 10n ** 12n;

/** A market of depth 100,000 at 2000 in which longs outweigh shorts by 1,000. */
const MARKET = marketOf({ longOpenInterest: parseEther("1000") });

function sceneOf(market: Market, now = 0n) {
  return { market, curves: curvesOf(), terms: termsOf(), price: parseEther("2000"), now };
}

describe("health", () => {
  it("accrues to now before it judges", () => {
    // Ten long at 2000, margin 500, reserve 5,000. In 100 s funding grows by 100 × 0.1 = 10 and borrowing by 0.001: 100
    // and 5 are owed. Equity 500 − 105 = 395 is below 2% of 20,000 = 400.
    const position = positionOf({
      size: parseEther("10"),
      openNotional: parseEther("20000"),
      margin: parseEther("500"),
      reserve: parseEther("5000"),
      priceTime: 40n,
      cooldown: 30n,
    });
    const rates = { fundingVelocity: parseEther("0.1"), borrowRate: 10n ** 13n };
    const scene = sceneOf({ ...attach(MARKET, position), ...rates }, 100n);
    expect(health(position, scene)).to.deep.equal({
      gain: parseEther("-105"),
      equity: parseEther("395"),
      notional: parseEther("20000"),
      maintenanceMargin: parseEther("400"),
      initialMargin: parseEther("1000"),
      // (20,000 − 500 + 105) ÷ 9.8 = 2000.51020408163265306122…, up.
      liquidationPrice: 2_000_510_204_081_632_653_062n,
      owed: parseEther("105"),
      liquidatable: true,
      capped: false,
      coolingUntil: 70n,
    });
  });

  it("tells a position that would close at its cap from one that is there at the index price", () => {
    // A sale of the ten fills at 2000 × (1 + (1,010 − 5) ÷ 100,000) = 2020.1: a gain of 201, though 0 at the index.
    const position = positionOf({
      size: parseEther("10"),
      openNotional: parseEther("20000"),
      margin: parseEther("1000"),
      reserve: parseEther("201"),
    });
    const scene = sceneOf(attach(MARKET, position));
    expect(health(position, scene)).to.include({ gain: 0n, capped: true, liquidatable: false });
    const roomier = { ...position, reserve: parseEther("201") + 1n };
    expect(health(roomier, scene).capped).to.equal(false);
  });
});

describe("previewOpen", () => {
  const buy = {
    position: positionOf({}),
    sizeDelta: parseEther("10"),
    margin: parseEther("1500"),
    reserve: parseEther("5000"),
  };

  it("shows fill, fee, margin left and liquidation price", () => {
    // Fill 2000 × (1 + 1,005 ÷ 100,000) = 2020.1, so 20,201 for ten; fee 0.05% = 10.1005. Margin 1489.8995, equity
    // 1489.8995 + 20,000 − 20,201 = 1288.8995. Liquidated at (20,201 − 1489.8995) ÷ 9.8 = 1909.29596938775510204081…
    const preview = previewOpen(buy, sceneOf(MARKET));
    expect(preview).to.deep.include({
      fillPrice: parseEther("2020.1"),
      fee: parseEther("10.1005"),
      equity: parseEther("1288.8995"),
      notional: parseEther("20000"),
      initialMargin: parseEther("1000"),
      liquidationPrice: 1_909_295_969_387_755_102_041n,
      openInterest: parseEther("1010"),
      reserveBounds: { lower: parseEther("2000"), upper: parseEther("20000") },
      refusal: undefined,
    });
    expect(preview.position).to.deep.include({
      size: parseEther("10"),
      openNotional: parseEther("20201"),
      margin: parseEther("1489.8995"),
      reserve: parseEther("5000"),
    });
  });

  it("says by how much the margin falls short", () => {
    // Margin 1,200: equity 1,200 − 10.1005 − 201 = 988.8995.
    const preview = previewOpen({ ...buy, margin: parseEther("1200") }, sceneOf(MARKET));
    expect(preview.refusal).to.deep.equal({
      error: "InitialMarginNotMet",
      equity: parseEther("988.8995"),
      required: parseEther("1000"),
    });
  });

  it("holds a market order for an open position to what it adds, and any other to the whole", () => {
    // At 2000 without a skew: 100 long with 9,000 of equity has 4,000 more than the initial margin of 5%.
    const position = positionOf({
      size: parseEther("100"),
      openNotional: parseEther("200000"),
      margin: parseEther("14000"),
      reserve: parseEther("20000"),
    });
    const scene = sceneOf(attach(MARKET, position));
    const order = {
      position,
      sizeDelta: parseEther("10"),
      margin: 0n,
      reserve: parseEther("5000"),
    };
    const limit = previewOpen(order, scene);
    expect(limit.refusal).to.equal(undefined);
    const market = previewOpen({ ...order, isMarket: true }, scene);
    expect(market.refusal).to.deep.equal({ error: "MarginBelowFees", margin: 0n, fees: limit.fee });
    expect({ ...market, refusal: undefined }).to.deep.equal(limit);
    const enough = previewOpen({ ...order, isMarket: true, margin: parseEther("1500") }, scene);
    expect(enough.refusal).to.equal(undefined);
    const broke = { ...position, margin: 0n };
    expect(
      previewOpen({ ...order, position: broke, isMarket: true, margin: parseEther("1500") }, scene)
        .refusal,
    ).to.deep.equal({ error: "InitialMarginNotMet", equity: 0n, required: 1n });
  });

  it("names the refusal that the contract meets first", () => {
    const preview = previewOpen({ ...buy, margin: 0n, reserve: 0n }, sceneOf(MARKET));
    expect(preview.refusal).to.deep.equal({
      error: "ReserveOutOfBounds",
      reserve: 0n,
      lower: parseEther("2000"),
      upper: parseEther("20000"),
    });
  });
});

describe("previewLiquidation", () => {
  it("refuses what is not open", () => {
    const preview = previewLiquidation(positionOf({}), { ...sceneOf(MARKET), scale: SCALE });
    expect(preview).to.deep.equal({ kind: "refused", error: "PositionNotFound" });
  });

  it("closes a part down to the target", () => {
    // Ten long at 2000: maintenance 400, target 600, equity 530 − 200 = 330. The exit earns, so it costs 0.5% alone:
    // relief (3% − 0.5%) × 20,000 = 500. Missing 270, a token unit of 1e-6, 16 wei of slack and ten for fill prices:
    // ten × (270 + 1e-6 + 26 wei) ÷ 500 = 5.40000002 and a wei. It fills at 2000 × (1 + (1,000 − half of that) ÷
    // 100,000) = 2020 − 0.01 × 5.4000000200000000001, down.
    const preview = liquidate({ openNotional: "20200", margin: "530" }, parseEther("990"));
    expect(preview).to.deep.include({
      kind: "partial",
      equity: parseEther("330"),
      maintenanceMargin: parseEther("400"),
      closed: 5_400_000_020_000_000_001n,
      fillPrice: 2_019_945_999_999_799_999_999n,
      // 0.5% of 5.400000020000000001 × 2000, up.
      fee: 54_000_000_200_000_000_010n,
      keeperFee: 54_000_000_200_000_000_010n,
      paidOut: 0n,
      shortfall: 0n,
    });
  });

  it("closes the whole when the box is empty, and pays the keeper's floor from the reserve", () => {
    // Equity 200 − 500 < 0. Fill 2000 × (1 + (10 − 5) ÷ 100,000) = 2000.1: 20,001 − 20,500 = −499, of which the margin
    // pays 200. Nothing is left for the fee of 100: the reserve pays the floor of 1.
    const preview = liquidate({ openNotional: "20500", margin: "200" });
    expect(preview).to.deep.include({
      kind: "full",
      equity: parseEther("-300"),
      closed: parseEther("10"),
      fillPrice: parseEther("2000.1"),
      fee: parseEther("1"),
      keeperFee: parseEther("1"),
      paidOut: 0n,
      shortfall: parseEther("299"),
    });
  });

  it("closes the whole where the floor of maintenance binds, and pays the owner what is left", () => {
    // 0.05 at 2000 = 100; maintenance 2, at least 5; equity 10 − 5.1 = 4.9. Fill 2000.0005: 100.000025 − 105.1 =
    // −5.099975 leaves 4.900025, less the floor of 1 (0.5% would be 0.5).
    const preview = liquidate({ size: "0.05", openNotional: "105.1", margin: "10" });
    expect(preview).to.deep.include({
      kind: "full",
      equity: parseEther("4.9"),
      maintenanceMargin: parseEther("5"),
      fillPrice: parseEther("2000.0005"),
      fee: parseEther("1"),
      paidOut: parseEther("3.900025"),
      shortfall: 0n,
    });
  });

  function liquidate(
    fields: { readonly size?: string; readonly openNotional: string; readonly margin: string },
    othersLong = 0n,
  ) {
    const position: Position = positionOf({
      size: parseEther(fields.size ?? "10"),
      openNotional: parseEther(fields.openNotional),
      margin: parseEther(fields.margin),
      reserve: parseEther("1000"),
    });
    const market = attach(marketOf({ longOpenInterest: othersLong }), position);
    return previewLiquidation(position, { ...sceneOf(market), scale: SCALE });
  }
});
