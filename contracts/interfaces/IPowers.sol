// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TermsWords} from "../types/Terms.sol";

/// @title IPowers
/// @notice What the market's other contracts may write into its vault. Nothing here touches an open position's equity.
interface IPowers {
    /// @notice Emitted when a position changes hands. Its mandate and its waiting orders die with that.
    event PositionTransferred(
        uint256 indexed positionId,
        address indexed account,
        address indexed receiver,
        uint256 sequence
    );

    /// @notice Emitted when the oracle died and the market stopped: from now on all close at `price`.
    event MarketSettled(uint256 sequence, uint256 price, uint256 observedAt);

    /// @notice Thrown when a position was transferred as often as can be counted.
    error TransfersExhausted(uint256 positionId);

    /// @notice Offers new terms to new positions. Only the charter calls.
    ///
    /// @dev Emits {IMarginVaultState-TermsStored}.
    ///
    /// @param words As packed by {TermsMath}.
    /// @return termsId The id under which they are offered.
    function publishTerms(TermsWords calldata words) external returns (uint256 termsId);

    /// @notice Sets the cap on the open interest of either side, and until when nothing opens or grows. Only the charter
    /// calls.
    ///
    /// @dev The charter logs why.
    ///
    /// @param maxOpenInterest The cap [WAD base].
    /// @param increasesStoppedUntil First second in which positions may grow again [s].
    function setLimits(uint128 maxOpenInterest, uint64 increasesStoppedUntil) external;

    /// @notice Stops the market for good at the last price it has used. Only the charter calls, after its notice.
    ///
    /// @dev Emits {MarketSettled}.
    function settleMarket() external;

    /// @notice Pays what protocol fees have come in. Only the charter calls.
    ///
    /// @dev Emits {IMarginVaultState-ProtocolFeesPaid}.
    ///
    /// @param receiver Who is paid.
    /// @return amountToken How much [token].
    function releaseProtocolFees(address receiver) external returns (uint256 amountToken);

    /// @notice Notes whether a rescue mandate stands for a position. Only the mandate book calls.
    function setMandated(uint256 positionId, bool mandated) external;

    /// @notice Gives a position to another owner. Only the order book calls, for the owner.
    ///
    /// @dev Emits {PositionTransferred}.
    ///
    /// Requirements:
    /// - No market order of the position must wait.
    /// - It must have been transferred fewer than 127 times.
    function assignPosition(uint256 positionId, address owner) external;
}
