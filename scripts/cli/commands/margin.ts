import type { Command } from "commander";

import { min } from "../../core/integers.ts";
import { health } from "../../core/quote.ts";
import { parseAmount } from "../../risk/parse.ts";
import { carryOut } from "../carryOut.ts";
import { InputError, WouldBeRefusedError } from "../errors.ts";
import type { CliIo } from "../io.ts";
import { parseId } from "../options.ts";
import { amount } from "../output.ts";
import { type AccountSession, forAccount, type SendingOptions, withSending } from "../session.ts";
import { findSpotProof } from "../spotProof.ts";
import { changesOf, standingOf } from "../standing.ts";
import { type Loaded, loadOpen, loadOwn, permissionFor } from "../trading.ts";

interface RemoveOptions extends SendingOptions {
  readonly receiver?: string;
  readonly proof?: string;
}

/** Add `margin add` and `margin remove`. */
export function registerMargin(program: Command, io: CliIo): void {
  const group = program.command("margin").description("put margin into a position, or take it out");
  const add = group
    .command("add")
    .description("put margin into a position; never refused, and anybody may")
    .argument("<position>", "its number", parseId)
    .argument("<amount>", "how much [quote]", parseAmount);
  withSending(add).action(async (id: bigint, added: bigint, options: SendingOptions) => {
    await forAccount(options, io, async (session) => {
      await addMargin(session, await loadOpen(session, id), added);
    });
  });
  const remove = group
    .command("remove")
    .description("take margin out of a position, down to its initial margin")
    .argument("<position>", "its number", parseId)
    .argument("<amount>", "how much [quote]", parseAmount)
    .option("--receiver <address>", "who gets it; the account when left out")
    .option(
      "--proof <file>",
      "signed report, in hexadecimal, where such reports are the price; the newest of the service when left out",
    );
  withSending(remove).action(async (id: bigint, removed: bigint, options: RemoveOptions) => {
    await forAccount(options, io, async (session) => {
      await removeMargin(session, await loadOwn(session, id), { removed, options });
    });
  });
}

async function addMargin(session: AccountSession, loaded: Loaded, added: bigint): Promise<void> {
  const { market } = session;
  const { id, position } = loaded;
  const amountToken = wholeUnits(session, added);
  const spender = { spender: market.addresses.marginVault, name: "MarginVault" };
  const permission = await permissionFor(session, { ...spender, amountToken });
  const data = market.marginVault.interface.encodeFunctionData("addMargin", [id, amountToken]);
  const carried = await carryOut(session, {
    title: `Add ${amount(added)} ${market.token.symbol} of margin to position ${id}`,
    changes: changesWith(loaded, position.margin + added),
    notes: [],
    calls: [...permission, { what: "add the margin", to: market.addresses.marginVault, data }],
  });
  if (carried !== undefined) await tellAfter(session, id);
}

async function removeMargin(
  session: AccountSession,
  loaded: Loaded,
  { removed, options }: { readonly removed: bigint; readonly options: RemoveOptions },
): Promise<void> {
  const { market, account } = session;
  const { id, position, scene } = loaded;
  const amountToken = wholeUnits(session, removed);
  const { equity, initialMargin } = health(position, scene);
  const most = equity - initialMargin;
  if (removed > position.margin || removed > most) {
    const least = min(most, position.margin);
    throw new WouldBeRefusedError(
      `Equity "${amount(equity)}" less "${amount(removed)}" is below the initial margin "${amount(initialMargin)}". Take out at most "${amount(least > 0n ? least : 0n)}".`,
    );
  }
  const { proof, value } = await findSpotProof(session, options.proof);
  const receiver = options.receiver ?? account;
  const data = market.marginVault.interface.encodeFunctionData("removeMargin", [
    id,
    amountToken,
    receiver,
    proof,
  ]);
  const carried = await carryOut(session, {
    title: `Take ${amount(removed)} ${market.token.symbol} of margin out of position ${id} to ${receiver}`,
    changes: changesWith(loaded, position.margin - removed),
    notes: [],
    calls: [{ what: "remove the margin", to: market.addresses.marginVault, data, value }],
  });
  if (carried !== undefined) await tellAfter(session, id);
}

function changesWith({ position, scene, mandate, odds }: Loaded, margin: bigint) {
  const view = { scene, mandate, odds };
  return changesOf(standingOf(position, view), standingOf({ ...position, margin }, view));
}

async function tellAfter(session: AccountSession, id: bigint): Promise<void> {
  const { position } = await loadOpen(session, id);
  const { margin } = position;
  session.out.tell("margin", margin, `Margin of position ${id} is now ${amount(margin)}.`);
}

function wholeUnits({ market }: AccountSession, value: bigint): bigint {
  const { scale, decimals, symbol } = market.token;
  if (value > 0n && value % scale === 0n) return value / scale;
  throw new InputError(
    `"${amount(value, 18)}" is no amount of ${symbol}: it must be above zero, with at most ${decimals} digits after the point.`,
  );
}
