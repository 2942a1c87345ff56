import { expect } from "chai";
import { id } from "ethers";
import { preparePool } from "../../fixtures/pool.ts";

const { emptyPool } = await preparePool();

/** ERC-165: the exclusive or of all selectors. */
function interfaceId(signatures: readonly string[]): string {
  const folded = signatures.reduce((sum, each) => sum ^ BigInt(id(each).slice(0, 10)), 0n);
  return `0x${folded.toString(16).padStart(8, "0")}`;
}

const SUPPORTED: [name: string, signatures: readonly string[]][] = [
  ["ERC-165", ["supportsInterface(bytes4)"]],
  ["ERC-7540 operators", ["setOperator(address,bool)", "isOperator(address,address)"]],
  [
    "ERC-7540 deposits",
    [
      "requestDeposit(uint256,address,address)",
      "pendingDepositRequest(uint256,address)",
      "claimableDepositRequest(uint256,address)",
      "deposit(uint256,address,address)",
      "mint(uint256,address,address)",
    ],
  ],
  [
    "ERC-7540 redeems",
    [
      "requestRedeem(uint256,address,address)",
      "pendingRedeemRequest(uint256,address)",
      "claimableRedeemRequest(uint256,address)",
    ],
  ],
  [
    "ERC-7575",
    [
      "share()",
      "asset()",
      "totalAssets()",
      "convertToShares(uint256)",
      "convertToAssets(uint256)",
      "maxDeposit(address)",
      "previewDeposit(uint256)",
      "deposit(uint256,address)",
      "maxMint(address)",
      "previewMint(uint256)",
      "mint(uint256,address)",
      "maxWithdraw(address)",
      "previewWithdraw(uint256)",
      "withdraw(uint256,address,address)",
      "maxRedeem(address)",
      "previewRedeem(uint256)",
      "redeem(uint256,address,address)",
    ],
  ],
];

describe("LiquidityVault supportsInterface", () => {
  for (const [name, signatures] of SUPPORTED) {
    it(`knows ${name}`, async () => {
      const { pool } = await emptyPool();
      expect(await pool.supportsInterface(interfaceId(signatures))).to.equal(true);
    });
  }

  it("knows nothing else", async () => {
    const { pool } = await emptyPool();
    expect(await pool.supportsInterface("0xffffffff")).to.equal(false);
    expect(await pool.supportsInterface("0xf815c03d")).to.equal(false);
  });

  it("is its own share", async () => {
    const { pool } = await emptyPool();
    expect(await pool.share()).to.equal(await pool.getAddress());
  });
});
