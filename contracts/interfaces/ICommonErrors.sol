// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ICommonErrors
/// @notice Errors that more than one contract throws.
interface ICommonErrors {
    /// @notice Thrown when an amount must not be zero.
    error ZeroAmount();

    /// @notice Thrown when an address must not be zero.
    error ZeroAddress();

    /// @notice Thrown when `caller` may not do this.
    error NotAuthorized(address caller);

    /// @notice Thrown when `caller` refuses the ether that verification left.
    error EtherNotAccepted(address caller, uint256 amount);

    /// @notice Thrown when the gas left could make a transfer fail that would succeed with more.
    error InsufficientTransferGas(uint256 gasLeft, uint256 required);

    /// @notice Thrown when one of the market's three contracts is entered while another call is under way.
    error MarketLocked();

    /// @notice Thrown when a token moved `received` where `expected` was asked for [token].
    error TokenTransferMismatch(uint256 expected, uint256 received);

    /// @notice Thrown when no position with this id is open.
    error PositionNotFound(uint256 positionId);

    /// @notice Thrown while a market order of the position waits: what its account could do with it would be a free look.
    error MarketOrderPending(uint256 positionId, uint256 count);

    /// @notice Thrown when a price is older than one already used.
    error PriceNotNewEnough(uint64 observedAt, uint64 newestUsed);

    /// @notice Thrown when a price that could not be held against its reference would do more than close a position.
    error PriceForClosingOnly();

    /// @notice Thrown by all that needs a price once the market was settled.
    error MarketIsSettled();

    /// @notice Thrown when the token refuses a transfer that its receiver asked for.
    error TransferRefused(address receiver, uint256 amountToken);

    /// @notice Thrown when liquidation waits for traders to return after the sequencer restarted.
    error SequencerGracePeriod(uint64 endsAt);
}
