import { expect } from "chai";
import type { JsonRpcProvider, TransactionRequest } from "ethers";

import { NonceError, RpcError } from "../../scripts/chain/failures.ts";
import type { Sender } from "../../scripts/chain/signer.ts";
import { type Patience, sendAndConfirm } from "../../scripts/chain/transactions.ts";

const CALL = { to: `0x${"11".repeat(20)}`, data: "0x", gasLimit: 1_000_000n };
const ADDRESS = `0x${"22".repeat(20)}`;

/** A chain that mines, or does not, at the wish of a test. */
interface FakeChain {
  mined: number;
  receipts: Map<string, { readonly status: number; readonly hash: string }>;
  sent: TransactionRequest[];
  failure: Error | undefined;
  /** Called after each broadcast, and each time that somebody waits. */
  onSend: (hash: string) => void;
  onSleep: () => void;
}

function fakeChain(): FakeChain {
  return {
    mined: 5,
    receipts: new Map(),
    sent: [],
    failure: undefined,
    onSend: () => {},
    onSleep: () => {},
  };
}

function senderOn(chain: FakeChain, announces = true): Sender {
  const provider = {
    getTransactionCount: async () => chain.mined,
    getTransactionReceipt: async (hash: string) => chain.receipts.get(hash) ?? null,
    getFeeData: async () => ({ maxFeePerGas: 800n, maxPriorityFeePerGas: 80n, gasPrice: null }),
    getNetwork: async () => ({ chainId: 1n }),
  };
  return {
    address: ADDRESS,
    provider: provider as unknown as JsonRpcProvider,
    broadcast: async (request, announce) => {
      const hash = `0x${chain.sent.length}`;
      chain.sent.push(request);
      if (announces) announce(hash);
      if (chain.failure !== undefined) throw chain.failure;
      if (!announces) announce(hash);
      chain.onSend(hash);
    },
  };
}

/** Time passes only while somebody sleeps. */
function patienceOn(chain: FakeChain): Patience {
  let clock = 0;
  return {
    deadlineMs: 100,
    pollMs: 10,
    bumpMs: 40,
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
      chain.onSleep();
    },
  };
}

function mine(chain: FakeChain, hash: string): void {
  chain.mined += 1;
  chain.receipts.set(hash, { status: 1, hash });
}

describe("sendAndConfirm", () => {
  it("sends with the next nonce of the chain and returns the receipt", async () => {
    const chain = fakeChain();
    chain.onSend = (hash) => mine(chain, hash);
    const outcome = await sendAndConfirm(senderOn(chain), CALL, patienceOn(chain));
    expect(outcome).to.deep.equal({ kind: "mined", receipt: { status: 1, hash: "0x0" } });
    expect(chain.sent[0]).to.deep.include({ ...CALL, nonce: 5, maxFeePerGas: 800n, type: 2 });
  });

  it("offers at least an eighth more under the same nonce when nothing is mined", async () => {
    const chain = fakeChain();
    chain.onSend = (hash) => {
      if (hash === "0x1") mine(chain, hash);
    };
    await sendAndConfirm(senderOn(chain), CALL, patienceOn(chain));
    expect(chain.sent.map((request) => request.nonce)).to.deep.equal([5, 5]);
    // 800 × 9/8 + 1 and 80 × 9/8 + 1.
    expect(chain.sent[1]).to.deep.include({ maxFeePerGas: 901n, maxPriorityFeePerGas: 91n });
  });

  it("finds the first transaction mined after it was replaced", async () => {
    const chain = fakeChain();
    chain.onSend = (hash) => {
      if (hash === "0x1") mine(chain, "0x0");
    };
    const outcome = await sendAndConfirm(senderOn(chain), CALL, patienceOn(chain));
    expect(outcome).to.deep.include({ kind: "mined" });
  });

  it("tells when another transaction took the nonce", async () => {
    const chain = fakeChain();
    chain.onSleep = () => {
      chain.mined = 6;
    };
    const outcome = await sendAndConfirm(senderOn(chain), CALL, patienceOn(chain));
    expect(outcome).to.deep.equal({ kind: "superseded", nonce: 5 });
  });

  it("ends at its deadline when nothing is ever mined, after a bounded number of offers", async () => {
    const chain = fakeChain();
    const outcome = await sendAndConfirm(senderOn(chain), CALL, patienceOn(chain));
    expect(outcome).to.deep.equal({ kind: "pending", nonce: 5 });
    // At 0, 40 and 80 of 100 ms.
    expect(chain.sent).to.have.length(3);
  });

  it("leaves no gap behind a send that failed", async () => {
    const chain = fakeChain();
    const sender = senderOn(chain, false);
    chain.failure = new RpcError("eth_sendTransaction");
    await rejects(sendAndConfirm(sender, CALL, patienceOn(chain)), RpcError);
    chain.failure = undefined;
    chain.onSend = (hash) => mine(chain, hash);
    await sendAndConfirm(sender, CALL, patienceOn(chain));
    expect(chain.sent.map((request) => request.nonce)).to.deep.equal([5, 5]);
  });

  it("goes on watching a transaction whose sending was not answered", async () => {
    const chain = fakeChain();
    chain.failure = new RpcError("eth_sendRawTransaction");
    chain.onSleep = () => {
      if (chain.mined === 5) mine(chain, "0x0");
    };
    const outcome = await sendAndConfirm(senderOn(chain), CALL, patienceOn(chain));
    expect(outcome).to.deep.include({ kind: "mined" });
  });

  it("does not wait after a nonce that was refused before anything was known", async () => {
    const chain = fakeChain();
    chain.failure = new NonceError("nonce too low");
    await rejects(sendAndConfirm(senderOn(chain, false), CALL, patienceOn(chain)), NonceError);
  });
});

async function rejects(
  promise: Promise<unknown>,
  kind: new (what: string) => Error,
): Promise<void> {
  let failure: unknown;
  try {
    await promise;
  } catch (cause) {
    failure = cause;
  }
  expect(failure).to.be.instanceOf(kind);
}
