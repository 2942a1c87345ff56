import { type Command, Option } from "commander";

import { lastingMandate, type RescueMandate } from "../../core/rescue.ts";
import { parseAmount, parseDuration } from "../../risk/parse.ts";
import { carryOut } from "../carryOut.ts";
import type { CliIo } from "../io.ts";
import { parseId } from "../options.ts";
import { amount, type Change, moment } from "../output.ts";
import { type AccountSession, forAccount, type SendingOptions, withSending } from "../session.ts";
import { type Loaded, loadOwn, permissionFor } from "../trading.ts";

interface SetOptions extends SendingOptions {
  readonly cap: bigint;
  readonly trigger: bigint;
  readonly target: bigint;
  readonly interval: number;
  readonly expiry: number;
  readonly maxFee?: bigint;
}

const WAD = 10n ** 18n;

/** Add `mandate set` and `mandate revoke`. */
export function registerMandate(program: Command, io: CliIo): void {
  const group = program
    .command("mandate")
    .description("let the market rescue a position from your wallet, up to a cap");
  const ratio = (flags: string, what: string, usual: bigint) =>
    new Option(flags, what).argParser(parseAmount).default(usual, amount(usual));
  const set = group
    .command("set")
    .description(
      "give a position a mandate: before it is liquidated, margin is pulled from the wallet",
    )
    .argument("<position>", "its number", parseId)
    .requiredOption("--cap <amount>", "the most that may leave the wallet [quote]", parseAmount)
    .addOption(
      ratio(
        "--trigger <ratio>",
        "equity as a multiple of maintenance margin below which anybody may rescue",
        (12n * WAD) / 10n,
      ),
    )
    .addOption(
      ratio(
        "--target <ratio>",
        "multiple of maintenance margin that a rescue restores",
        (15n * WAD) / 10n,
      ),
    )
    .addOption(
      new Option("--interval <duration>", "least pause between two rescues")
        .argParser(parseDuration)
        .default(60, "60s"),
    )
    .addOption(
      new Option("--expiry <duration>", "how long the mandate counts")
        .argParser(parseDuration)
        .default(2_592_000, "30d"),
    )
    .option(
      "--max-fee <amount>",
      "the most that one rescue may pay its keeper [quote]; the floor of the terms when left out",
      parseAmount,
    );
  withSending(set).action(async (id: bigint, options: SetOptions) => {
    await forAccount(options, io, async (session) => {
      await setMandate(session, await loadOwn(session, id), options);
    });
  });
  const revoke = group
    .command("revoke")
    .description("take a position's mandate back")
    .argument("<position>", "its number", parseId);
  withSending(revoke).action(async (id: bigint, options: SendingOptions) => {
    await forAccount(options, io, async (session) => {
      await revokeMandate(session, await loadOwn(session, id));
    });
  });
}

async function setMandate(
  session: AccountSession,
  loaded: Loaded,
  options: SetOptions,
): Promise<void> {
  const { market } = session;
  const { id, position, scene, terms } = loaded;
  const maxKeeperFee = options.maxFee ?? terms.keeperFeeFloor;
  const expiry = scene.now + BigInt(options.expiry);
  const { cap, trigger, target } = options;
  const request = {
    ...{ positionId: id, cap, triggerRatio: trigger, targetRatio: target },
    ...{ minInterval: BigInt(options.interval), expiry, maxKeeperFee },
  };
  const mandate = {
    ...lastingMandate({ capLeft: cap, triggerRatio: trigger, targetRatio: target }),
    ...{ minInterval: request.minInterval, expiry, maxKeeperFee },
  };
  const { token } = market;
  const spender = { spender: market.mandateBookAddress, name: "MandateBook" };
  const permission = await permissionFor(session, { ...spender, amountToken: cap / token.scale });
  const data = market.mandateBook.interface.encodeFunctionData("setMandate", [request]);
  const most = position.margin + cap;
  await carryOut(session, {
    title: `Let the market pull up to ${amount(cap)} ${token.symbol} to rescue position ${id}`,
    changes: [
      ...mandateChanges(loaded.mandate, mandate),
      {
        name: "most you can lose",
        before: amount(position.margin + (loaded.mandate?.capLeft ?? 0n)),
        after: amount(most),
      },
    ],
    notes: [
      `The MandateBook's allowance of ${token.symbol} serves all mandates of this account in this market: each is bounded by its own cap.`,
    ],
    calls: [...permission, { what: "set the mandate", to: market.mandateBookAddress, data }],
  });
}

async function revokeMandate(
  session: AccountSession,
  { id, position, mandate }: Loaded,
): Promise<void> {
  const { market } = session;
  const data = market.mandateBook.interface.encodeFunctionData("revokeMandate", [id]);
  await carryOut(session, {
    title: `Revoke the mandate of position ${id}`,
    changes: [
      ...mandateChanges(mandate, undefined),
      {
        name: "most you can lose",
        before: amount(position.margin + (mandate?.capLeft ?? 0n)),
        after: amount(position.margin),
      },
    ],
    notes: [],
    calls: [{ what: "revoke the mandate", to: market.mandateBookAddress, data }],
  });
}

function mandateChanges(
  before: RescueMandate | undefined,
  after: RescueMandate | undefined,
): readonly Change[] {
  const row = (name: string, write: (mandate: RescueMandate) => string): Change => ({
    name,
    before: before === undefined ? "–" : write(before),
    after: after === undefined ? "–" : write(after),
  });
  return [
    row("cap left", ({ capLeft }) => amount(capLeft)),
    row("trigger (equity ÷ maintenance)", ({ triggerRatio }) => amount(triggerRatio)),
    row("target (equity ÷ maintenance)", ({ targetRatio }) => amount(targetRatio)),
    row("pause between rescues", ({ minInterval }) => `${minInterval} s`),
    row("keeper's fee at most", ({ maxKeeperFee }) => amount(maxKeeperFee)),
    row("counts until", ({ expiry }) => moment(expiry)),
  ];
}
