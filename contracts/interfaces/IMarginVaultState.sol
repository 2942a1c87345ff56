// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";

/// @title IMarginVaultState
/// @notice What a MarginVault holds. Health and prices derived from it are in MarketLens.
///
/// Notes:
/// - Amounts are WAD unless named otherwise.
/// - Every event carries `sequence`, which grows by one with each log of the contract and with each log of its order book that
///   tells of a trade: a gap is a lost log.
/// - {PositionUpdated}, or {PositionClosed}, and {MarketUpdated} tell the whole state after each change, so both can be rebuilt
///   from logs.
interface IMarginVaultState {
    /// @notice Emitted when a position opens or changes its size, with all that is stored of it afterwards.
    event PositionUpdated(
        uint256 indexed positionId,
        uint256 sequence,
        int256 size,
        int256 openNotional,
        uint256 priceTime,
        uint256 termsId,
        uint256 traits,
        uint256 cooldown,
        uint256 margin,
        uint256 reserve,
        uint256 borrowIndex,
        address owner,
        int256 fundingIndex
    );

    /// @notice Emitted when a position closed: it is zero but for its owner, its number of transfers and the funding index that
    /// was last stored.
    event PositionClosed(uint256 indexed positionId, uint256 sequence);

    /// @notice Emitted whenever rates change: at each change of size and of the pool's cash.
    event MarketUpdated(
        uint256 sequence,
        int256 fundingIndex,
        uint256 borrowIndex,
        int256 fundingVelocity,
        uint256 borrowRate,
        uint256 referencePrice,
        uint256 cash,
        uint256 reserved
    );

    /// @notice Emitted when new terms are offered to new positions, as they are stored. In words they are in
    /// {IMarketCharter-TermsPublished}.
    event TermsStored(uint256 sequence, uint256 indexed termsId, uint256 margins, uint256 trades);

    /// @notice Emitted when a transfer failed and `amountToken` waits to be claimed.
    event PayoutDeferred(uint256 sequence, address indexed account, uint256 amountToken);

    /// @notice Emitted when `account` claims deferred payouts.
    event Claimed(uint256 sequence, address indexed account, address indexed receiver, uint256 amountToken);

    /// @notice Emitted when what traders lost and paid is handed to the pool.
    event DuesSwept(uint256 sequence, uint256 amountToken);

    /// @notice Emitted when protocol fees are paid out.
    event ProtocolFeesPaid(uint256 sequence, address indexed receiver, uint256 amountToken);

    /// @notice The stored fields of a position; all zero when it is not open.
    function position(uint256 positionId) external view returns (Position memory);

    /// @notice The stored sums, indices as of `accruedAt`.
    function market() external view returns (Market memory);

    /// @notice Deferred payouts of an account [token].
    function claimable(address account) external view returns (uint256 amountToken);

    /// @notice Market orders of a position that wait for execution: one at most.
    function pendingMarketOrders(uint256 positionId) external view returns (uint256);

    /// @notice Whether one of the market's three contracts is executing.
    function isLocked() external view returns (bool);

    /// @notice Whether the market was settled after its oracle died.
    function isSettled() external view returns (bool);

    /// @notice The contract that knows what the market is made of and who may change it.
    function charter() external view returns (address);
}
