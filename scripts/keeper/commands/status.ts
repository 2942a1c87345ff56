import type { KeeperConfig } from "../../config/keeper.ts";
import { fromText } from "../store/codec.ts";
import { openStore } from "../store/open.ts";

/** Tell what the store knows, whether or not a keeper runs. Returns the exit code. */
export async function status(
  config: KeeperConfig,
  print: (text: string) => unknown,
): Promise<number> {
  const database = await openStore(config.store, config.rpcTimeoutMs);
  try {
    const tips = await database.query("SELECT scope, generation, tip FROM tips ORDER BY scope");
    if (tips.length === 0) print("Nothing was read yet.");
    for (const { scope, generation, tip } of tips) {
      const { head } = fromText(String(tip)) as { head: { number: number; timestamp: number } };
      const kinds = await database.query(
        "SELECT kind, COUNT(*) AS count FROM items WHERE scope = $1 AND generation = $2 GROUP BY kind ORDER BY kind",
        [scope ?? "", generation ?? 0],
      );
      const counts = kinds.map(({ kind, count }) => `${count} ${kind}`).join(", ");
      print(`${scope}: block ${head.number} of ${head.timestamp}; ${counts}`);
    }
    const slots = await database.query(
      "SELECT lane, state, COUNT(*) AS count, MAX(nonce) AS newest FROM slots GROUP BY lane, state ORDER BY lane, state",
    );
    for (const { lane, state, count, newest } of slots) {
      print(`${lane}: ${count} ${state}, newest nonce ${newest}`);
    }
    const leases = await database.query("SELECT name, holder, epoch FROM leases ORDER BY name");
    for (const { name, holder, epoch } of leases) print(`${name}: ${holder}, epoch ${epoch}`);
    return 0;
  } finally {
    await database.close();
  }
}
