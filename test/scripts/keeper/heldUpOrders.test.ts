import { expect } from "chai";
import { BrowserProvider, type TransactionRequest, ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { MarketContracts } from "../../../scripts/chain/contracts.ts";
import { encodeProof } from "../../../scripts/chain/priceProofs.ts";
import { discoverSource } from "../../../scripts/chain/priceSource.ts";
import { NEWEST_ROUNDS, type PriceProof } from "../../../scripts/core/priceProof.ts";
import type { Action } from "../../../scripts/keeper/action.ts";
import { type Executor, simulate } from "../../../scripts/keeper/executor.ts";
import { OrderBook__factory } from "../../../types/ethers-contracts/index.ts";
import { deployPaidOracle, type StreamOracleFixture } from "../../fixtures/streamOracle.ts";
import { NATIVE_FEE, reportAt, sign } from "../../fixtures/streams.ts";

const connection = await network.create();
const { loadFixture, time } = connection.networkHelpers;
const BOOK = "0x00000000000000000000000000000000000000B0";
const KEEPER = "0x00000000000000000000000000000000000000b2";
const orders = OrderBook__factory.createInterface();

/** A node that lets every call of the order book pass. */
class Agreeable extends BrowserProvider {
  override async call(request: TransactionRequest): Promise<string> {
    return request.to === BOOK ? "0x" : super.call(request);
  }

  override async estimateGas(): Promise<bigint> {
    return 100_000n;
  }
}

const provider = new Agreeable(connection.provider, undefined, { cacheTimeout: -1 });
const paid = () => deployPaidOracle(connection);

describe("a trigger order behind one that lapsed", () => {
  async function sent({ oracle }: StreamOracleFixture, proof: PriceProof) {
    const action: Action = {
      kind: "executeOrders",
      orderIds: [8n],
      lapsedOrderId: 7n,
      proof,
      reason: "test",
    };
    const contracts = {
      source: await discoverSource(provider, String(oracle.target)),
      addresses: { orderBook: BOOK },
      orderBook: OrderBook__factory.connect(BOOK, provider),
    } as unknown as MarketContracts;
    const executor: Executor = {
      contracts,
      provider: provider as unknown as Executor["provider"],
      feeReceiver: KEEPER,
      dataFee: "none",
      countsCost: false,
    };
    return simulate(executor, action, ZeroAddress);
  }

  const cancellation = orders.encodeFunctionData("cancel", [7n, "0x"]);
  const execution = (proof: PriceProof) =>
    orders.encodeFunctionData("execute", [[8n], encodeProof(proof), KEEPER]);

  it("is executed in the call that cancels that one, where a price costs nothing", async () => {
    const { data, value } = await sent(await loadFixture(paid), NEWEST_ROUNDS);
    const both = [cancellation, execution(NEWEST_ROUNDS)];
    expect(data).to.equal(orders.encodeFunctionData("multicall", [both]));
    expect(value).to.equal(0n);
  });

  it("waits for a call of its own where it costs ether, which several calls in one do not take", async () => {
    const fixture = await loadFixture(paid);
    const report = reportAt(BigInt(await time.latest()));
    const served = { ...report, fullReport: sign(fixture.streams, report) };
    const proof: PriceProof = { kind: "report", report: served, quoteRoundId: 0n };
    expect(NATIVE_FEE).to.be.greaterThan(0n);
    const { data, value } = await sent(fixture, proof);
    expect(data).to.equal(cancellation);
    expect(value).to.equal(0n);
  });
});
