import type { ContractTransaction } from "ethers";

import type { MarketFixture } from "../test/fixtures/market.ts";

/** What a transaction costs before it does anything [gas]. */
const TRANSACTION = 21_000n;
/** What a first call to a contract costs within a transaction; a transaction's own target is known already [gas]. */
const FIRST_CALL = 2_600n;
const ZERO_BYTE = 4n;
const OTHER_BYTE = 16n;

/**
 * Measure what others charge for a price and a pull: no contract of ours can have them for less.
 *
 * Each is a transaction of its own, less what makes it a transaction, plus the call that it would be inside of one. So
 * each also pays for slots that two of them would share.
 */
export async function measureFloor(
  market: MarketFixture,
): Promise<readonly (readonly [string, bigint])[]> {
  const { composite, index, quote, sequencer, oracle, token, accounts } = market;
  const feeds = [index.proxy, ...(composite ? [quote.proxy] : []), sequencer.proxy];
  let asked = 0n;
  for (const proxy of feeds) {
    asked += await costOf(market, await proxy.latestRoundData.populateTransaction());
  }
  const priced = await costOf(market, await oracle.spot.populateTransaction("0x"));
  await token.connect(accounts.alice).approve(accounts.keeper, 2n ** 256n - 1n);
  const pull = await token.transferFrom.populateTransaction(
    accounts.alice,
    market.marginVault,
    1_000_000n,
  );
  const pulled = await costOf(market, pull);
  await token.connect(accounts.alice).approve(accounts.keeper, 0n);
  return [
    ["the feeds alone", asked],
    ["the oracle alone", priced],
    ["the pull alone", pulled],
  ];
}

/** The gas of a call, as if it were made inside of a transaction that has not met the contract before. */
async function costOf(market: MarketFixture, request: ContractTransaction): Promise<bigint> {
  const { to, data } = request;
  const sent = await market.accounts.keeper.sendTransaction({ to, data });
  const receipt = await sent.wait();
  if (receipt === null) throw new Error("A transaction was not mined.");
  return receipt.gasUsed - TRANSACTION - calldataGas(data) + FIRST_CALL;
}

function calldataGas(data: string): bigint {
  let gas = 0n;
  for (const byte of Buffer.from(data.slice(2), "hex")) gas += byte === 0 ? ZERO_BYTE : OTHER_BYTE;
  return gas;
}
