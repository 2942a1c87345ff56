import { BulkheadError, FatalError } from "../core/errors.ts";

/** Thrown when an argument or option makes no sense. */
export class InputError extends FatalError {}

/** Thrown when the person said no, or could not be asked. */
export class DeclinedError extends FatalError {}

/** Thrown when the market would refuse what was asked for: found out before anything was sent. */
export class WouldBeRefusedError extends BulkheadError {}

/** Thrown when an order ended without a fill, or has not ended while it was waited for. */
export class OrderNotFilledError extends BulkheadError {}

/** Thrown when a transaction was mined and failed. */
export class TransactionRevertedError extends BulkheadError {}

/** Thrown when checks found something that keeps a person from acting. */
export class ChecksFailedError extends FatalError {}
