import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { domainOf, FAR, giveMandate, mandateRequest, signMandate } from "../fixtures/mandates.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { stopLoss } from "../fixtures/powers.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { openLong } from "../fixtures/vault.ts";

// The attacker is on the other side of a trade and cancels the victim's stop-loss, its mandate, its request, or the nonce
// of what it has signed, just before they are needed. What waits is its account's to cancel (BH-74), a mandate its owner's
// (BH-230), a request its controller's (BH-100), and a signature that somebody shows first still does what it says
// (BH-218). There are no groups.

const { networkHelpers } = connection;

async function scene() {
  const market = await calmStage();
  const { alice, provider } = market.accounts;
  const { positionId } = await openLong(market);
  const stop = await submitOrder(market, alice, stopLoss(positionId, wad("1990")));
  const closing = await submitOrder(market, alice, { positionId, sizeDelta: -wad("1") });
  await giveMandate(market, alice, positionId);
  await market.liquidityVault.connect(provider).requestDeposit(200_000_000n, provider, provider);
  return { ...market, market, positionId, stop, closing };
}

describe("attack 45: cancelling what others are waiting for", () => {
  it("is refused for orders, mandates and requests alike, and all of them then do their work", async () => {
    const world = await scene();
    const { market, orderBook, mandateBook, liquidityVault, marginVault, accounts } = world;
    const { carol, keeper, alice } = accounts;
    const book = orderBook.connect(carol);
    const mandates = mandateBook.connect(carol);
    const pool = liquidityVault.connect(carol);
    const profit = await expectNoProfit(market, [carol], async () => {
      for (const [call, contract, error] of [
        [() => book.cancel(world.stop.orderId, "0x"), book, "NotAuthorized"],
        [() => book.cancel(world.closing.orderId, "0x"), book, "CancelTooEarly"],
        [() => mandates.revokeMandate(world.positionId), mandates, "NotAuthorized"],
        [() => mandates.setMandate(mandateRequest(world.positionId)), mandates, "NotAuthorized"],
        [() => pool.cancelDeposit(2n), pool, "NotAuthorized"],
        [() => book.transferPosition(world.positionId, carol), book, "NotAuthorized"],
      ] as const) {
        await expect(call()).to.be.revertedWithCustomError(contract, error);
      }
      // Voids what carol herself has signed or given, and nothing else.
      await mandates.revokeAllMandates();
      await book.setOperator(alice, 2n, FAR);
    });
    expect(profit).to.equal(0n);

    const { submittedAt, orderId } = world.closing;
    const round = await pushPrice(market, wad("1989"), submittedAt + 60n);
    await orderBook.connect(keeper).execute([orderId], await proofOf(market, round), keeper);
    expect((await marginVault.position(world.positionId)).size).to.equal(wad("99"));
    expect((await mandateBook.mandateOf(world.positionId)).capLeft).to.equal(wad("5000"));
    await orderBook.connect(keeper).execute([world.stop.orderId], "0x", keeper);
    expect((await marginVault.position(world.positionId)).size).to.equal(0n);
    await networkHelpers.time.increase(300n);
    await pushPrice(market, wad("1989"));
    await liquidityVault.connect(keeper).fulfillDeposits(1n, "0x", keeper);
    await expectConservation(market);
  });

  it("by showing a signature first does what its signer wanted, and no nonce of anybody else can be used up", async () => {
    const { market, mandateBook, accounts, positionId } = await scene();
    const { alice, carol } = accounts;
    const request = mandateRequest(positionId, { cap: wad("7000") });
    // Giving the first mandate has used the nonce 0.
    const signature = await signMandate(alice, await domainOf(market), { request, nonce: 1n });
    const forged = await signMandate(carol, await domainOf(market), { request, nonce: 1n });
    const mandates = mandateBook.connect(carol);
    await expect(
      mandates.setMandateBySignature(request, 1n, FAR, forged),
    ).to.be.revertedWithCustomError(mandates, "SignatureInvalid");
    await mandates.setMandateBySignature(request, 1n, FAR, signature);
    expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(wad("7000"));
    const next = await signMandate(alice, await domainOf(market), {
      request: mandateRequest(positionId),
      nonce: 2n,
    });
    await mandates.setMandateBySignature(mandateRequest(positionId), 2n, FAR, next);
    expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(wad("5000"));
  });
});
