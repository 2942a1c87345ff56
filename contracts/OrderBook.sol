// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {IMarginVault} from "./interfaces/IMarginVault.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IOrderBook} from "./interfaces/IOrderBook.sol";
import {BatchKind, ITrade, TradeRequest} from "./interfaces/ITrade.sol";
import {OrderMath} from "./libraries/OrderMath.sol";
import {IndexedMulticall} from "./modules/IndexedMulticall.sol";
import {OrderSettlement} from "./modules/OrderSettlement.sol";
import {OrderSubmission} from "./modules/OrderSubmission.sol";
import {Order} from "./types/Order.sol";
import {Position} from "./types/Position.sol";
import {Price} from "./types/Price.sol";

/// @title OrderBook
/// @notice Takes orders and lets anybody execute them at a price that did not exist when they were sent.
contract OrderBook is OrderSubmission, OrderSettlement, IndexedMulticall {
    using OrderMath for Order;
    using OrderMath for uint8;

    /// @dev More than any fill takes, so that one that fails does so for a reason of its own [gas].
    uint256 private constant _GAS_PER_FILL = 700_000;

    /// @notice Takes back ether that verification did not need.
    receive() external payable {
        require(msg.sender == marginVault, NotAuthorized(msg.sender));
    }

    /// @inheritdoc IOrderBook
    function execute(
        uint256[] calldata orderIds,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 executed) {
        require(feeReceiver != address(0), ZeroAddress());
        bool market = _isMarketBatch(orderIds);
        Price memory price = IMarginVault(marginVault).beginBatch{value: msg.value}(
            proof,
            market ? BatchKind.Own : BatchKind.Spot
        );

        uint256 ended;
        uint256 fees;
        uint256 previous;
        for (uint256 i; i < orderIds.length; ++i) {
            uint256 orderId = orderIds[i];
            require(orderId > previous, OrdersNotSorted(previous, orderId));
            previous = orderId;

            // Read in its turn: one before it may have opened its position, a token's hook may have cancelled it.
            Order memory order_ = _orders[orderId];
            (bytes memory refusal, bool late) = _refusalOf(orderId, order_, price, market);
            if (refusal.length != 0) {
                if (orderIds.length == 1) LowLevelCall.bubbleRevert(refusal);
                continue;
            }
            (bool filled, uint256 keeperFee) = _fill(orderId, order_, late);
            if (filled) ++executed;
            ++ended;
            fees += keeperFee;
        }
        require(ended != 0, NothingExecuted(orderIds.length));
        IMarginVault(marginVault).endBatch(feeReceiver, fees);
        _returnEther();
    }

    /// @inheritdoc IOrderBook
    function cancel(uint256 orderId, bytes calldata proof) external {
        Order memory order_ = _orders[orderId];

        // Checks.
        require(order_.submittedAt != 0, OrderNotFound(orderId));
        address account = _accountOf(order_);
        uint256 forfeited;
        if (!IMarginVault(marginVault).isSettled()) {
            if (!order_.traits.isMarket()) _requireCancellable(order_, account);
            else if (_forfeits(orderId, order_, proof)) forfeited = order_.escrowedFee();
        }

        // Effects.
        delete _orders[orderId];
        uint256 refunded = order_.margin + order_.escrowedFee() - forfeited;
        emit OrderCancelled(orderId, msg.sender, ++_sequence, refunded, forfeited, 0, "");

        // Interactions.
        uint256 counted = order_.countedPosition();
        bool held = refunded != 0 || forfeited != 0 || counted != 0;
        if (held) IMarginVault(marginVault).release(account, refunded, forfeited, counted, false);
    }

    /// @dev Fills an order, or cancels it for the reason why it could not be filled.
    function _fill(uint256 orderId, Order memory order_, bool late) private returns (bool filled, uint256 keeperFee) {
        uint256 gasLeft = gasleft();
        require(gasLeft > _GAS_PER_FILL, InsufficientGas(gasLeft, _GAS_PER_FILL));
        delete _orders[orderId];
        try IMarginVault(marginVault).trade(_toTrade(orderId, order_, late)) returns (
            uint256 fromMargin,
            uint256 sequence
        ) {
            keeperFee = order_.escrowedFee() + fromMargin;
            emit OrderExecuted(orderId, msg.sender, sequence, keeperFee, late);
            return (true, keeperFee);
        } catch (bytes memory reason) {
            // Every check has a typed error. Running out of gas has none, or that of a transfer: it must never cancel an order.
            bool starved = reason.length == 0 || bytes4(reason) == InsufficientTransferGas.selector;
            require(!starved, InsufficientGas(gasleft(), _GAS_PER_FILL));
            return (false, _abandon(orderId, order_, reason));
        }
    }

    /// @dev Ends an order that could not be filled. The keeper is paid all the same, except where the position is gone:
    /// then the order is dead, whoever meets it.
    function _abandon(uint256 orderId, Order memory order_, bytes memory reason) private returns (uint256 keeperFee) {
        bytes4 selector = bytes4(reason);
        bool gone =
            selector == PositionNotFound.selector ||
                selector == ITrade.NothingToReduce.selector ||
                selector == ITrade.PositionHasNewOwner.selector;
        if (!gone) keeperFee = order_.escrowedFee();
        uint256 refunded = order_.margin + order_.escrowedFee() - keeperFee;
        emit OrderCancelled(orderId, msg.sender, ++_sequence, refunded, 0, keeperFee, reason);
        uint256 counted = order_.countedPosition();
        bool held = refunded != 0 || counted != 0;
        if (held) IMarginVault(marginVault).release(_accountOf(order_), refunded, 0, counted, true);
    }

    /// @dev Whether a batch is of market orders: the kind of the first order in it that waits.
    function _isMarketBatch(uint256[] calldata orderIds) private view returns (bool) {
        for (uint256 i; i < orderIds.length; ++i) {
            Order storage order_ = _orders[orderIds[i]];
            if (order_.submittedAt != 0) return order_.traits.isMarket();
        }
        if (orderIds.length == 1) revert OrderNotFound(orderIds[0]);
        revert NothingExecuted(orderIds.length);
    }

    /// @dev Why the price does not serve an order, as an encoded error; empty when it does.
    function _refusalOf(
        uint256 orderId,
        Order memory order_,
        Price memory price,
        bool market
    ) private view returns (bytes memory refusal, bool late) {
        if (order_.submittedAt == 0) return (abi.encodeWithSelector(OrderNotFound.selector, orderId), false);
        if (order_.traits.isMarket() != market) return (abi.encodeWithSelector(OrderMalformed.selector, "kind"), false);
        uint256 time = order_.submittedAt + executionDelay;
        if (!market) return (_triggerRefusalOf(orderId, order_, price, time), false);

        bool covers;
        uint256 deadline;
        (covers, late, deadline) = OrderMath.coverage(price, time, time + maxRoundWait, executionWindow);
        if (!covers) return (_doesNotCover(orderId, price, time), late);
        if (block.timestamp <= deadline) return ("", late);
        return (abi.encodeWithSelector(ExecutionWindowPassed.selector, orderId, deadline), late);
    }

    function _triggerRefusalOf(
        uint256 orderId,
        Order memory order_,
        Price memory price,
        uint256 time
    ) private view returns (bytes memory) {
        if (price.validFrom < time) return _doesNotCover(orderId, price, time);
        if (block.timestamp > order_.expiry) {
            return abi.encodeWithSelector(OrderExpired.selector, orderId, order_.expiry);
        }
        // An exit must outlive the wait of the order that opens its position: without this, anybody could end it.
        if (order_.traits.takesFeeFromMargin() && _waitsToOpen(order_.positionOf())) {
            return abi.encodeWithSelector(PositionNotFound.selector, order_.positionOf());
        }
        if (!order_.isTriggered(price.value)) {
            return abi.encodeWithSelector(TriggerNotReached.selector, orderId, price.value, order_.triggerPrice);
        }
        if (order_.traits.opens()) return "";
        // Else an account could close a position in front of its own market order, and so take that back.
        uint256 positionId = order_.positionOf();
        uint256 pending = IMarginVault(marginVault).pendingMarketOrders(positionId);
        return pending == 0 ? bytes("") : abi.encodeWithSelector(MarketOrderPending.selector, positionId, pending);
    }

    /// @dev Whether a market order that was not executed in its window loses its keeper's fee. Without that, not
    /// executing it would be a free look at its price.
    function _forfeits(uint256 orderId, Order memory order_, bytes calldata proof) private view returns (bool) {
        uint64 time = order_.submittedAt + executionDelay;
        uint64 latest = time + maxRoundWait;
        uint256 deadline = OrderMath.deadlineOf(latest, IOracle(_oracle).upSince(), executionWindow);
        require(block.timestamp > deadline, CancelTooEarly(orderId, deadline + 1));
        return proof.length == 0 || !IOracle(_oracle).hadNoPrice(time, latest, proof);
    }

    /// @dev A trigger order is its account's to cancel, and anybody's once it can never fill.
    function _requireCancellable(Order memory order_, address account) private view {
        if (_actsFor(account) || block.timestamp > order_.expiry) return;
        require(!order_.traits.opens() && !_waitsToOpen(order_.positionOf()), NotAuthorized(msg.sender));
        Position memory position = IMarginVault(marginVault).position(order_.positionOf());
        bool gone = position.size == 0 || position.traits >> 1 != order_.transfersOf();
        require(gone, NotAuthorized(msg.sender));
    }

    function _toTrade(
        uint256 orderId,
        Order memory order_,
        bool late
    ) private view returns (TradeRequest memory trade) {
        bool opens = order_.traits.opens();
        trade.positionId = opens ? orderId : order_.positionOf();
        if (opens) trade.opener = address(order_.subject);
        else trade.transfers = order_.transfersOf();
        trade.sizeDelta = order_.sizeDelta;
        trade.reduceOnly = order_.traits.isReduceOnly();
        trade.counted = order_.countedPosition() != 0;
        trade.margin = order_.margin;
        trade.reserve = order_.reserve;
        trade.acceptablePrice = order_.acceptablePrice;
        trade.termsId = order_.termsId;
        if (late) trade.spread = latencySpread;
        if (order_.traits.takesFeeFromMargin()) trade.keeperFeeFromMargin = order_.keeperFee();
    }

    function _doesNotCover(uint256 orderId, Price memory price, uint256 time) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                PriceDoesNotCover.selector,
                orderId,
                time,
                price.validFrom,
                price.observedAt,
                price.validUntil
            );
    }
}
