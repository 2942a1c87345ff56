import { openFactory, openMarket } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { approve, transact, type World } from "./world.ts";

/** Three contracts of nearly 24 KB each. */
const CREATION_GAS = 25_000_000n;

/**
 * Create a second market beside the first: same factory, token, oracle and parameters, as the factory tells them.
 *
 * @throws TransactionFailedError when the factory refuses.
 */
export async function createTwin(world: World): Promise<World> {
  const { provider, cast } = world;
  const factory = openFactory(provider, world.factory);
  const [first, parameters] = await calling("the first market", async () => {
    const count = await factory.marketCount();
    return [count, await factory.parametersOf(count)] as const;
  });
  // It probes the token with a few units of the creator.
  await approve(world, cast.deployer, world.factory);
  const data = factory.interface.encodeFunctionData("createMarket", [parameters]);
  await transact(provider, cast.deployer, { to: world.factory, data, gas: CREATION_GAS });
  const parts = await calling("the second market", () => factory.marketOf(first + 1n));
  return {
    ...world,
    contracts: await openMarket(provider, parts.marginVault),
    mandateBook: parts.mandateBook,
  };
}
