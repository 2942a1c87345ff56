// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ICommonErrors} from "../../../contracts/interfaces/ICommonErrors.sol";
import {IMargin} from "../../../contracts/interfaces/IMargin.sol";
import {IReserveLedger} from "../../../contracts/interfaces/IReserveLedger.sol";
import {ITrade} from "../../../contracts/interfaces/ITrade.sol";
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
            positionId: OrderMath.opens(order.traits) ? orderId : order.subject,
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

    /// @dev Each reason for which a waiting order was ended is counted, so that a check nobody reaches shows.
    function _cancelledName(bytes memory reason) internal pure returns (string memory) {
        bytes4 selector = bytes4(reason);
        if (selector == ITrade.PriceNotAcceptable.selector) return "ended: PriceNotAcceptable";
        if (selector == ITrade.OpenInterestExceeded.selector) return "ended: OpenInterestExceeded";
        if (selector == ITrade.TermsNotOffered.selector) return "ended: TermsNotOffered";
        if (selector == ITrade.ReserveOutOfBounds.selector) return "ended: ReserveOutOfBounds";
        if (selector == ITrade.PositionAtCap.selector) return "ended: PositionAtCap";
        if (selector == ITrade.NotionalTooSmall.selector) return "ended: NotionalTooSmall";
        if (selector == ITrade.SignFlips.selector) return "ended: SignFlips";
        if (selector == ITrade.MarginRatioFalls.selector) return "ended: MarginRatioFalls";
        if (selector == ITrade.MarginBelowFees.selector) return "ended: MarginBelowFees";
        if (selector == ITrade.NothingToReduce.selector) return "ended: NothingToReduce";
        if (selector == ICommonErrors.PositionNotFound.selector) return "ended: PositionNotFound";
        if (selector == IMargin.InitialMarginNotMet.selector) return "ended: InitialMarginNotMet";
        if (selector == IReserveLedger.UtilizationExceeded.selector) return "ended: UtilizationExceeded";
        return "ended: other";
    }
}
