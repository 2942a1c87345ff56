// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IOrderBook, OperatorScope} from "../interfaces/IOrderBook.sol";
import {OrderMath} from "../libraries/OrderMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Order, OrderKind, OrderRequest} from "../types/Order.sol";
import {Position} from "../types/Position.sol";
import {OrderAccounts} from "./OrderAccounts.sol";

/// @title OrderSubmission
/// @notice Taking orders: what they must look like, and their escrow.
abstract contract OrderSubmission is OrderAccounts {
    using OrderMath for Order;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @inheritdoc IOrderBook
    function submit(OrderRequest calldata request) external returns (uint256 orderId) {
        return _submit(msg.sender, request);
    }

    /// @inheritdoc IOrderBook
    function submitFor(address account, OrderRequest calldata request) external returns (uint256 orderId) {
        require(isOperator(account, msg.sender, OperatorScope.Trade), NotAuthorized(msg.sender));
        // A keeper's fee without a bound would be a way to withdraw.
        uint256 limit = 2 * minKeeperFee;
        require(request.keeperFee <= limit, OperatorFeeTooHigh(request.keeperFee, limit));
        return _submit(account, request);
    }

    function _submit(address account, OrderRequest calldata request) private returns (uint256 orderId) {
        // Checks.
        bool opens = request.positionId == 0;
        _requireWellFormed(request);
        uint160 subject = opens ? uint160(account) : _subjectOf(account, request);

        // Effects.
        orderId = ++_orderCount;
        Order memory order_ = _toOrder(subject, request);
        _orders[orderId] = order_;
        emit OrderSubmitted(orderId, opens ? orderId : request.positionId, account, ++_sequence, order_);

        // Interactions.
        uint256 amountToken = TokenScale.toTokenDown(order_.margin + order_.escrowedFee(), _tokenScale);
        uint256 counted = order_.countedPosition();
        if (amountToken != 0 || counted != 0) IMarginVault(marginVault).escrow(account, amountToken, counted);
    }

    /// @dev The position must be the account's, and open; an exit may also be placed for one that is about to open. Such
    /// an exit holds no escrow, so nothing is left to refund if the position never opens.
    function _subjectOf(address account, OrderRequest calldata request) private view returns (uint160 subject) {
        uint256 positionId = request.positionId;
        subject = uint64(positionId);
        address owner;
        int256 size;
        if (_waitsToOpen(positionId)) {
            require(request.feeFromMargin, PositionNotFound(positionId));
            Order storage opener = _orders[positionId];
            (owner, size) = (address(opener.subject), opener.sizeDelta);
        } else {
            Position memory position = IMarginVault(marginVault).position(positionId);
            (owner, size) = (position.owner, position.size);
            subject |= uint160(position.traits >> 1) << 64;
        }
        require(size != 0, PositionNotFound(positionId));
        require(owner == account, NotAuthorized(account));
        require(!request.reduceOnly || (request.sizeDelta > 0) != (size > 0), OrderMalformed("reduceOnly"));
    }

    function _requireWellFormed(OrderRequest calldata request) private view {
        bool market = request.kind == OrderKind.Market;
        bool carries = request.positionId == 0 || request.margin != 0 || request.reserve != 0;
        require(request.sizeDelta != 0, OrderMalformed("sizeDelta"));
        require(market == (request.triggerPrice == 0), OrderMalformed("triggerPrice"));
        require(market == (request.expiry == 0), OrderMalformed("expiry"));
        require(market || request.expiry > block.timestamp, ExpiryInPast(request.expiry, block.timestamp));
        require(!request.reduceOnly || !carries, OrderMalformed("reduceOnly"));
        require(!request.feeFromMargin || (request.reduceOnly && !market), OrderMalformed("feeFromMargin"));
        require(request.keeperFee >= minKeeperFee, KeeperFeeTooSmall(request.keeperFee, minKeeperFee));
        require(request.keeperFee % _feeStep == 0, OrderMalformed("keeperFee"));
        require(request.margin % _tokenScale == 0, OrderMalformed("margin"));
    }

    function _toOrder(uint160 subject, OrderRequest calldata request) private view returns (Order memory order_) {
        order_.subject = subject;
        order_.acceptablePrice = request.acceptablePrice.toUint96();
        order_.sizeDelta = request.sizeDelta.toInt96();
        order_.margin = request.margin.toUint96();
        order_.submittedAt = block.timestamp.toUint32();
        order_.expiry = uint256(request.expiry).toUint32();
        order_.reserve = request.reserve.toUint96();
        order_.triggerPrice = request.triggerPrice.toUint96();
        order_.keeperFeeE6 = (request.keeperFee / OrderMath.FEE_STEP).toUint40();
        order_.termsId = request.termsId;
        order_.traits = OrderMath.pack(
            request.kind,
            request.positionId == 0,
            request.reduceOnly,
            request.feeFromMargin
        );
    }
}
