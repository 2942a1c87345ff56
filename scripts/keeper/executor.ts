import type { MarketContracts } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { encodeProof, verificationFee } from "../chain/priceProofs.ts";
import type { Sender } from "../chain/signer.ts";
import { type Call, type Outcome, type Patience, sendAndConfirm } from "../chain/transactions.ts";
import type { Action } from "./action.ts";

/** What is needed to carry an action out. */
export interface Executor {
  readonly contracts: MarketContracts;
  readonly sender: Sender;
  readonly feeReceiver: string;
  readonly patience: Patience;
}

/** Ceilings of gas, so that a caught failure inside a batch is never for want of it. */
const GAS = {
  executeOrders: { base: 1_200_000n, item: 450_000n },
  liquidate: { base: 400_000n, item: 300_000n },
  settleAtCap: { base: 700_000n, item: 0n },
  fulfillDeposits: { base: 500_000n, item: 200_000n },
  fulfillRedeems: { base: 500_000n, item: 200_000n },
} as const;

/** What verifying a report takes beside, by many oracles and with a fee. */
const REPORT_GAS = 400_000n;

/**
 * Try an action on the newest block without sending it.
 *
 * @returns The call that would do it.
 * @throws ContractError when the contracts refuse; RpcError when the node does not answer.
 */
export async function simulate(executor: Executor, action: Action): Promise<Call> {
  const { to, data } = encode(executor, action);
  const { sender, contracts } = executor;
  const ceiling = gasCeiling(action);
  const value = await verificationFee(sender.provider, contracts.source, action.proof);
  const request = { to, data, value, from: sender.address, gasLimit: ceiling };
  // The contracts themselves refuse a batch that would do nothing.
  const [, estimate] = await calling(action.kind, () =>
    Promise.all([sender.provider.call(request), sender.provider.estimateGas(request)]),
  );
  // Rollups charge their data as gas: there the estimate may exceed what execution alone can take.
  const measured = (estimate * 5n) / 4n;
  return { to, data, value, gasLimit: measured > ceiling ? measured : ceiling };
}

/**
 * Send what was simulated, and follow it.
 *
 * @throws NonceError or RpcError; the state of the chain decides what is tried next.
 */
export function send(executor: Executor, call: Call): Promise<Outcome> {
  return sendAndConfirm(executor.sender, call, executor.patience);
}

function gasCeiling(action: Action): bigint {
  const { base, item } = GAS[action.kind];
  const verification = action.proof.kind === "report" ? REPORT_GAS : 0n;
  return base + item * BigInt(itemsOf(action)) + verification;
}

function itemsOf(action: Action): number {
  switch (action.kind) {
    case "executeOrders":
      return action.orderIds.length;
    case "liquidate":
      return action.positionIds.length;
    case "settleAtCap":
      return 1;
    case "fulfillDeposits":
    case "fulfillRedeems":
      return action.maxCount;
  }
}

function encode(executor: Executor, action: Action): Pick<Call, "to" | "data"> {
  const { addresses, marginVault, orderBook, liquidityVault } = executor.contracts;
  const { feeReceiver } = executor;
  const proof = encodeProof(action.proof);
  switch (action.kind) {
    case "executeOrders": {
      const orders = orderBook.interface;
      const data = orders.encodeFunctionData("execute", [[...action.orderIds], proof, feeReceiver]);
      return { to: addresses.orderBook, data };
    }
    case "liquidate": {
      const vault = marginVault.interface;
      const data = vault.encodeFunctionData("liquidateBatch", [
        [...action.positionIds],
        proof,
        feeReceiver,
      ]);
      return { to: addresses.marginVault, data };
    }
    case "settleAtCap": {
      const orders = orderBook.interface;
      const data = orders.encodeFunctionData("settleAtCap", [
        action.positionId,
        proof,
        feeReceiver,
      ]);
      return { to: addresses.orderBook, data };
    }
    case "fulfillDeposits": {
      const pool = liquidityVault.interface;
      const data = pool.encodeFunctionData("fulfillDeposits", [
        action.maxCount,
        proof,
        feeReceiver,
      ]);
      return { to: addresses.liquidityVault, data };
    }
    case "fulfillRedeems": {
      const pool = liquidityVault.interface;
      const data = pool.encodeFunctionData("fulfillRedeems", [action.maxCount, proof, feeReceiver]);
      return { to: addresses.liquidityVault, data };
    }
  }
}
