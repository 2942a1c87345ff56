import type { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type {
  Artifact,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";

type Builder = Parameters<Parameters<typeof buildModule>[1]>[0];

/** What a market is created through, and what prices it. */
export interface MarketGround {
  readonly factory: NamedArtifactContractDeploymentFuture<"MarketFactory">;
  readonly oracle: NamedArtifactContractDeploymentFuture<string>;
}

/** What the factory moves from the creator and back to see whether a token is honest [token]. */
const PROBE_AMOUNT = 10_007n;

/** All that creation asks of the collateral token itself. */
const ERC20_APPROVAL: Artifact = {
  _format: "hh3-artifact-1",
  contractName: "IERC20",
  sourceName: "@openzeppelin/contracts/token/ERC20/IERC20.sol",
  bytecode: "0x",
  deployedBytecode: "0x",
  abi: [
    {
      type: "function",
      name: "approve",
      stateMutability: "nonpayable",
      inputs: [
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
      ],
      outputs: [{ name: "", type: "bool" }],
    },
  ],
  linkReferences: {},
  deployedLinkReferences: {},
};

/**
 * Create a market from the parameters of the module that asks for it, and find its contracts.
 *
 * The deployer needs 10,007 units of the collateral token, which the factory moves and returns. `terms`, `curves`,
 * `orders`, `pool` and `powers` are the structs of `MarketParameters`.
 */
export function createMarket(m: Builder, { factory, oracle }: MarketGround) {
  const collateralToken = m.getParameter("collateralToken");
  const token = m.contractAt("IERC20", ERC20_APPROVAL, collateralToken, { id: "CollateralToken" });
  const approval = m.call(token, "approve", [factory, PROBE_AMOUNT], { id: "ProbeApproval" });

  const created = m.call(
    factory,
    "createMarket",
    [
      {
        label: m.getParameter("label"),
        collateralToken,
        oracle,
        sequencerGrace: m.getParameter("sequencerGrace"),
        protocolFeeShare: m.getParameter("protocolFeeShare"),
        protocolFeeReceiver: m.getParameter("protocolFeeReceiver", m.getAccount(0)),
        maxOpenInterest: m.getParameter("maxOpenInterest"),
        terms: m.getParameter("terms"),
        curves: m.getParameter("curves"),
        orders: m.getParameter("orders"),
        pool: m.getParameter("pool"),
        powers: m.getParameter("powers"),
      },
    ],
    { after: [approval] },
  );
  const createdAddress = (name: string) =>
    m.readEventArgument(created, "MarketCreated", name, { id: name });
  return {
    factory,
    oracle,
    marginVault: m.contractAt("MarginVault", createdAddress("marginVault")),
    liquidityVault: m.contractAt("LiquidityVault", createdAddress("liquidityVault")),
    orderBook: m.contractAt("OrderBook", createdAddress("orderBook")),
    charter: m.contractAt("MarketCharter", createdAddress("charter")),
    mandateBook: m.contractAt("MandateBook", createdAddress("mandateBook")),
  };
}
