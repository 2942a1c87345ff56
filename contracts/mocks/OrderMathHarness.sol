// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../libraries/OrderMath.sol";
import {Order, OrderKind} from "../types/Order.sol";
import {Price} from "../types/Price.sol";

/// @dev What the traits and fields of an order mean.
struct OrderMeaning {
    bool isMarket;
    bool opens;
    bool isReduceOnly;
    bool takesFeeFromMargin;
    uint256 keeperFee;
    uint256 escrowedFee;
    uint256 countedPosition;
}

/// @title OrderMathHarness
/// @notice Exposes OrderMath to tests.
contract OrderMathHarness {
    function pack(OrderKind kind, bool opens, bool reduceOnly, bool feeFromMargin) external pure returns (uint8) {
        return OrderMath.pack(kind, opens, reduceOnly, feeFromMargin);
    }

    function meaningOf(Order calldata order) external pure returns (OrderMeaning memory) {
        return
            OrderMeaning({
                isMarket: OrderMath.isMarket(order.traits),
                opens: OrderMath.opens(order.traits),
                isReduceOnly: OrderMath.isReduceOnly(order.traits),
                takesFeeFromMargin: OrderMath.takesFeeFromMargin(order.traits),
                keeperFee: OrderMath.keeperFee(order),
                escrowedFee: OrderMath.escrowedFee(order),
                countedPosition: OrderMath.countedPosition(order)
            });
    }

    function coverage(
        Price calldata price,
        uint256 time,
        uint256 latest,
        uint256 window
    ) external pure returns (bool covers, bool late, uint256 deadline) {
        return OrderMath.coverage(price, time, latest, window);
    }

    function deadlineOf(uint256 start, uint256 upSince, uint256 window) external pure returns (uint256) {
        return OrderMath.deadlineOf(start, upSince, window);
    }

    function isTriggered(Order calldata order, uint256 price) external pure returns (bool) {
        return OrderMath.isTriggered(order, price);
    }
}
