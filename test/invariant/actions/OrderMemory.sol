// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Order} from "../../../contracts/types/Order.sol";
import {HandlerBase} from "./HandlerBase.sol";

/// @title OrderMemory
/// @notice What orders promised, kept beyond their end.
abstract contract OrderMemory is HandlerBase {
    struct Submitted {
        uint256 positionId;
        uint256 margin;
        uint256 escrowedFee;
        uint256 reserve;
    }

    mapping(uint256 orderId => Submitted submitted) internal _submitted;

    function _remember(uint256 orderId) internal {
        Order memory order = _book.order(orderId);
        _submitted[orderId] = Submitted({
            positionId: OrderMath.opens(order.traits) ? orderId : OrderMath.positionOf(order),
            margin: order.margin,
            escrowedFee: OrderMath.escrowedFee(order),
            reserve: order.reserve
        });
        _waitingIds.push(orderId);
    }

    /// @dev Notes a fill; returns the reserve that it added.
    function _follow(uint256 orderId) internal returns (uint256 reserve) {
        Submitted memory submitted = _submitted[orderId];
        reserve = submitted.reserve;
        address owner = _vault.position(submitted.positionId).owner;
        _ghosts.addReserve(owner, submitted.positionId, reserve);
        if (submitted.positionId == orderId && _vault.position(orderId).size != 0) _openIds.push(orderId);
    }
}
