// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Price} from "../types/Price.sol";

/// @dev Which price a batch fills at.
enum BatchKind {
    /// @dev The orders' own: market orders.
    Own,
    /// @dev That of now: trigger orders, settlements at the cap.
    Spot,
    /// @dev The last one of a settled market.
    Last
}

/// @dev Why a size changes.
enum TradeKind {
    Order,
    /// @dev The position has won all that its reserve can give: closed for the keeper's floor, without a position fee.
    Cap,
    /// @dev The market is settled: closed likewise, without skew.
    Settlement
}

/// @dev What the order book asks the vault to do.
struct TradeRequest {
    TradeKind kind;
    uint256 positionId;
    /// @dev Owner of a position that opens; zero when the position exists.
    address opener;
    int256 sizeDelta;
    /// @dev Clamps `sizeDelta` to the position and only shrinks it.
    bool reduceOnly;
    /// @dev The order was counted by {ITrade.escrow} as a waiting market order.
    bool counted;
    uint256 margin;
    uint256 reserve;
    uint256 acceptablePrice;
    uint256 termsId;
    /// @dev Extra spread against the account, when no price came in time [WAD].
    uint256 spread;
    /// @dev Keeper's fee to take from the position's margin [WAD quote].
    uint256 keeperFeeFromMargin;
    /// @dev How often the position had been transferred when the order was submitted.
    uint256 transfers;
}

/// @title ITrade
/// @notice Size changes. Only the market's order book calls these functions.
///
/// Notes:
/// - The order book opens a batch, which locks the market and verifies one price, trades, and closes the batch.
interface ITrade {
    /// @notice Emitted when a position opens or grows.
    event PositionIncreased(
        uint256 indexed positionId,
        address indexed account,
        uint256 sequence,
        int256 sizeDelta,
        uint256 fillPrice,
        uint256 price,
        uint256 observedAt,
        uint256 fee,
        uint256 marginAdded,
        uint256 reserveAdded
    );

    /// @notice Emitted when a position shrinks or closes by its owner's order.
    event PositionDecreased(
        uint256 indexed positionId,
        address indexed account,
        uint256 sequence,
        int256 sizeDelta,
        uint256 fillPrice,
        uint256 price,
        uint256 observedAt,
        uint256 fee,
        int256 realizedPnl,
        uint256 paidOut
    );

    /// @notice Emitted when a loss exceeded what the box held. Nobody owes it: it is gain the pool did not collect.
    event ShortfallRecorded(uint256 indexed positionId, uint256 sequence, uint256 shortfall);

    /// @notice Thrown when the fill price is worse than the account accepts.
    error PriceNotAcceptable(uint256 fillPrice, uint256 acceptablePrice);

    /// @notice Thrown when a side would grow beyond its cap.
    error OpenInterestExceeded(uint256 openInterest, uint256 maxOpenInterest);

    /// @notice Thrown when an order names terms that are not on offer.
    error TermsNotOffered(uint256 termsId, uint256 latestTermsId);

    /// @notice Thrown when a reserve lies outside what its notional allows.
    error ReserveOutOfBounds(uint256 reserve, uint256 lower, uint256 upper);

    /// @notice Thrown when a position that has reached its cap would grow.
    error PositionAtCap(uint256 positionId, int256 gain, uint256 reserve);

    /// @notice Thrown when a position would be smaller than the market allows.
    error NotionalTooSmall(uint256 notional, uint256 minNotional);

    /// @notice Thrown when an order would turn a long into a short or back; close and open instead.
    error SignFlips(int256 size, int256 sizeDelta);

    /// @notice Thrown when a position below initial margin would get less healthy.
    error MarginRatioFalls(int256 equityBefore, uint256 notionalBefore, int256 equityAfter, uint256 notionalAfter);

    /// @notice Thrown when fees exceed what the position would hold.
    error MarginBelowFees(uint256 margin, uint256 fees);

    /// @notice Thrown while the guardian has stopped increases.
    error IncreasesStopped(uint256 until);

    /// @notice Thrown when the position was transferred since the order was submitted.
    error PositionHasNewOwner(uint256 positionId);

    /// @notice Thrown when the gain at the fill price is still below the reserve.
    error CapNotReached(uint256 positionId, int256 gain, uint256 reserve);

    /// @notice Thrown when a market that still runs would be closed at its last price.
    error MarketNotSettled();

    /// @notice Thrown when the order has nothing to act on.
    error NothingToReduce(uint256 positionId);

    /// @notice Pulls `amountToken` from `account`, and counts a waiting market order of an open position.
    ///
    /// Requirements:
    /// - The caller must be the order book and the market unlocked.
    /// - No other market order of the position may be waiting.
    /// - The token must move exactly `amountToken`.
    ///
    /// @param account Who pays.
    /// @param amountToken Margin and keeper's fee of an order [token]; may be zero.
    /// @param countedPositionId The position whose waiting market order it is; 0 for none.
    function escrow(address account, uint256 amountToken, uint256 countedPositionId) external;

    /// @notice Returns escrow of an order that ended without a fill, inside a batch or outside, and books `forfeited` as due to the pool.
    ///
    /// @dev A transfer that fails becomes claimable.
    ///
    /// @param account Who is refunded.
    /// @param refunded Escrow to return [WAD quote].
    /// @param forfeited Keeper's fee that goes to the pool [WAD quote].
    /// @param countedPositionId The position whose waiting market order it was; 0 for none.
    /// @param inBatch Whether the order failed a check of the batch under way; otherwise the market must be unlocked.
    function release(
        address account,
        uint256 refunded,
        uint256 forfeited,
        uint256 countedPositionId,
        bool inBatch
    ) external;

    /// @notice Locks the market and verifies the price of a batch.
    ///
    /// @param proof Proof for the oracle.
    /// @param kind Which price. The proof of the last one is not looked at.
    /// @return price The verified price.
    function beginBatch(bytes calldata proof, BatchKind kind) external payable returns (Price memory price);

    /// @notice Fills one order at the batch's price.
    ///
    /// @dev Emits {PositionIncreased} or {PositionDecreased}, {IMarginVaultState-PositionUpdated},
    /// {IMarginVaultState-MarketUpdated}. Reverts with a typed error when a check of the order fails; the order book
    /// then cancels it.
    ///
    /// Notes:
    /// - A market order that increases a position must bring what an opening would: its initial margin, its reserve, the least
    ///   notional; and name the position's own terms. Of the position itself only equity above zero is asked. Every other
    ///   increase is checked as a whole.
    ///
    /// @return keeperFee What was taken from margin for the keeper [WAD quote].
    /// @return sequence Number that the order book gives its own log of this trade, after those of the vault's.
    function trade(TradeRequest calldata request) external returns (uint256 keeperFee, uint256 sequence);

    /// @notice Pays the keeper and unlocks the market.
    ///
    /// @param receiver Who is paid.
    /// @param amount Sum of keeper's fees [WAD quote].
    function endBatch(address receiver, uint256 amount) external;
}
