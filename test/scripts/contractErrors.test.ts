import { expect } from "chai";
import { AbiCoder, Interface, makeError } from "ethers";

import { decodeRevert, knownErrors, toBulkheadError } from "../../scripts/chain/errors.ts";
import { ContractError, NonceError, RpcError } from "../../scripts/chain/failures.ts";
import { BulkheadError, RetryableError } from "../../scripts/core/errors.ts";
import {
  IMarginVault__factory,
  IMulticall__factory,
  IOrderBook__factory,
} from "../../types/ethers-contracts/factories/contracts/interfaces/index.ts";

const vault = new Interface(IMarginVault__factory.abi);
const orders = new Interface(IOrderBook__factory.abi);

/** 7, −5 and 40 are the arguments, in their order. */
const HEALTHY = vault.encodeErrorResult("PositionHealthy", [7n, -5n, 40n]);

/** A call that reverted, as ethers reports it. */
function reverted(data: string | null): Error {
  return makeError("execution reverted", "CALL_EXCEPTION", {
    action: "call",
    data,
    reason: null,
    transaction: { to: null, data: "0x" },
    invocation: null,
    revert: null,
  });
}

describe("decodeRevert", () => {
  it("knows no error in an empty or unknown answer", () => {
    expect(decodeRevert("0x")).to.equal(undefined);
    expect(decodeRevert("0xdeadbeef")).to.equal(undefined);
  });

  it("knows the errors of every interface and library", () => {
    expect(knownErrors()).to.include.members([
      "PositionHealthy",
      "PriceDoesNotCover",
      "RoundSecondNotOver",
      "NothingFulfilled",
      "MarketLocked",
      "SkewBeyondScale",
      "TooManyDecimals",
    ]);
  });

  it("gives name, arguments by name and a sentence", () => {
    expect(decodeRevert(HEALTHY)).to.deep.equal({
      name: "PositionHealthy",
      args: { positionId: 7n, equity: -5n, maintenanceMargin: 40n },
      sentence:
        'PositionHealthy: positionId "7", equity "-0.000000000000000005", maintenanceMargin "0.00000000000000004". Its equity covers the maintenance margin.',
    });
  });

  it("says only the facts of an error without advice", () => {
    const data = orders.encodeErrorResult("OrdersNotSorted", [2n, 1n]);
    expect(decodeRevert(data)?.sentence).to.equal('OrdersNotSorted: previousId "2", orderId "1".');
  });

  it("writes amounts with their point, and moments as dates", () => {
    const cooling = vault.encodeErrorResult("CoolingOff", [7n, 1_700_000_000n]);
    expect(decodeRevert(cooling)?.sentence).to.include(
      'CoolingOff: positionId "7", until "2023-11-14T22:13:20Z".',
    );
    const cap = vault.encodeErrorResult("CapNotReached", [
      7n,
      -(10n ** 18n) / 2n,
      250n * 10n ** 18n,
    ]);
    expect(decodeRevert(cap)?.sentence).to.include('gain "-0.5", reserve "250".');
  });

  it("tells an error inside an error as itself", () => {
    const outer = new Interface(IMulticall__factory.abi).encodeErrorResult("CallFailed", [
      1n,
      HEALTHY,
    ]);
    expect(decodeRevert(outer)?.sentence).to.include("PositionHealthy: positionId");
  });

  it("knows plain messages and panics", () => {
    const panic = `0x4e487b71${AbiCoder.defaultAbiCoder().encode(["uint256"], [0x11n]).slice(2)}`;
    expect(decodeRevert(panic)?.args).to.deep.equal({ code: 0x11n });
  });
});

describe("toBulkheadError", () => {
  it("keeps what already has a class", () => {
    const cause = new NonceError("taken");
    expect(toBulkheadError("send", cause)).to.equal(cause);
  });

  it("turns a revert into the contract's own error", () => {
    const failure = toBulkheadError("liquidate", reverted(HEALTHY));
    expect(failure).to.be.instanceOf(ContractError).and.not.instanceOf(RetryableError);
    expect((failure as ContractError).errorName).to.equal("PositionHealthy");
    expect(failure.message).to.match(/^"liquidate" was refused\. PositionHealthy/);
  });

  it("does not take a revert without data for a failure of the node", () => {
    expect(toBulkheadError("call", reverted(null))).to.be.instanceOf(ContractError);
  });

  for (const text of ["nonce too low", "replacement transaction underpriced"]) {
    it(`reads "${text}" as a matter of the account, not of the node`, () => {
      expect(toBulkheadError("send", new Error(text))).to.be.instanceOf(NonceError);
    });
  }

  it("takes everything else for a node that did not answer", () => {
    const failure = toBulkheadError("eth_call", new Error("socket hang up"));
    expect(failure).to.be.instanceOf(RpcError).and.instanceOf(BulkheadError);
    expect(failure.message).to.match(/^The node did not answer "eth_call"\./);
  });
});
