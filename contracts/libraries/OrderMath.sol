// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Order, OrderKind} from "../types/Order.sol";
import {Price} from "../types/Price.sol";

/// @title OrderMath
/// @notice What an order's fields mean, which price serves it, and until when.
library OrderMath {
    /// @dev One step of `Order.keeperFeeE6` [WAD quote].
    uint256 internal constant FEE_STEP = 1e12;
    /// @dev The largest fee that an order can hold [WAD quote].
    uint256 internal constant MAX_FEE = type(uint40).max * FEE_STEP;

    uint8 private constant _KIND = 3;
    uint8 private constant _OPENS = 4;
    uint8 private constant _REDUCE_ONLY = 8;
    uint8 private constant _FEE_FROM_MARGIN = 16;

    /// @notice The traits byte of an order.
    function pack(
        OrderKind kind,
        bool opens_,
        bool reduceOnly,
        bool feeFromMargin
    ) internal pure returns (uint8 traits) {
        traits = uint8(kind);
        if (opens_) traits |= _OPENS;
        if (reduceOnly) traits |= _REDUCE_ONLY;
        if (feeFromMargin) traits |= _FEE_FROM_MARGIN;
    }

    /// @notice Whether an order fills at a price of its own instead of on a trigger.
    function isMarket(uint8 traits) internal pure returns (bool) {
        return traits & _KIND == uint8(OrderKind.Market);
    }

    /// @notice Whether an order with these traits opens a position.
    function opens(uint8 traits) internal pure returns (bool) {
        return traits & _OPENS != 0;
    }

    /// @notice Whether an order only shrinks its position.
    function isReduceOnly(uint8 traits) internal pure returns (bool) {
        return traits & _REDUCE_ONLY != 0;
    }

    /// @notice Whether the keeper is paid from the position's margin.
    function takesFeeFromMargin(uint8 traits) internal pure returns (bool) {
        return traits & _FEE_FROM_MARGIN != 0;
    }

    /// @notice The keeper's fee [WAD quote].
    function keeperFee(Order memory order) internal pure returns (uint256) {
        return uint256(order.keeperFeeE6) * FEE_STEP;
    }

    /// @notice The part of the keeper's fee that is held in escrow [WAD quote].
    function escrowedFee(Order memory order) internal pure returns (uint256) {
        return takesFeeFromMargin(order.traits) ? 0 : keeperFee(order);
    }

    /// @notice The position that an order changes; nothing for one that opens.
    function positionOf(Order memory order) internal pure returns (uint256) {
        return uint64(order.subject);
    }

    /// @notice How often that position had been transferred when the order was submitted.
    function transfersOf(Order memory order) internal pure returns (uint256) {
        return order.subject >> 64;
    }

    /// @notice The position whose margin an order keeps from being removed while it waits; 0 for none.
    function countedPosition(Order memory order) internal pure returns (uint256) {
        return isMarket(order.traits) && !opens(order.traits) ? positionOf(order) : 0;
    }

    /// @notice Whether a price serves a market order, and until when.
    ///
    /// @dev On time when the price covers `time` and came no later than `latest`. Late when it was observed before `time`
    /// and in force at `latest`: then the order had no price of its own. The two exclude each other, and only one price
    /// satisfies either, so the executor has no choice. A signed report is in force for no second but those it covers, so
    /// it is never late: that no other came before it cannot be shown.
    ///
    /// @param price The verified price.
    /// @param time The moment whose price the order gets [s].
    /// @param latest Up to when it waits for that price [s].
    /// @param window How long it may be executed once its price exists [s].
    /// @return covers Whether the price serves the order.
    /// @return late Whether it does only because no price came in time.
    /// @return deadline Last second in which the order may be executed at it [s].
    function coverage(
        Price memory price,
        uint256 time,
        uint256 latest,
        uint256 window
    ) internal pure returns (bool covers, bool late, uint256 deadline) {
        late = price.observedAt < time && price.validFrom <= latest && latest <= price.validUntil;
        covers = late || (price.validFrom <= time && time <= price.observedAt && price.observedAt <= latest);
        deadline = deadlineOf(late ? latest : price.observedAt, price.upSince, window);
    }

    /// @notice End of an execution window: `window` seconds, which do not run while the sequencer is down [s].
    function deadlineOf(uint256 start, uint256 upSince, uint256 window) internal pure returns (uint256) {
        return (start > upSince ? start : upSince) + window;
    }

    /// @notice Whether a price releases a trigger order.
    ///
    /// @dev A price beyond the trigger releases it as well, so a gap cannot jump over an order.
    function isTriggered(Order memory order, uint256 price) internal pure returns (bool) {
        bool buys = order.sizeDelta > 0;
        bool limit = order.traits & _KIND == uint8(OrderKind.Limit);
        return buys == limit ? price <= order.triggerPrice : price >= order.triggerPrice;
    }
}
