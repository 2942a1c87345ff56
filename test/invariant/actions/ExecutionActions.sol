// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IOrderBook} from "../../../contracts/interfaces/IOrderBook.sol";
import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Order, OrderKind} from "../../../contracts/types/Order.sol";
import {Dice, Random} from "../support/Random.sol";
import {Vm, vm} from "../support/Vm.sol";
import {Frame} from "./HandlerBase.sol";
import {FillChecks} from "./FillChecks.sol";
import {MarginActions} from "./MarginActions.sol";

/// @title ExecutionActions
/// @notice Keepers execute orders, one by one and in batches.
abstract contract ExecutionActions is MarginActions, FillChecks {
    using Random for Dice;

    function execute(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_waitingIds.length == 0) return;
        uint256 newest = _waitingIds.length - 1;
        _executeNow(dice, _waitingIds[dice.chance(60) ? newest : dice.below(_waitingIds.length)]);
    }

    function executeBatch(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_waitingIds.length != 0) _executeTogether(dice, _pickBatch(dice));
    }

    function _executeTogether(Dice memory dice, uint256[] memory orderIds) internal {
        uint256 roundId = _prepareRound(dice, _book.order(orderIds[0]));
        address keeper = _pickKeeper(dice);
        uint256[] memory positionIds = new uint256[](orderIds.length);
        uint256 promised;
        for (uint256 i; i < orderIds.length; ++i) {
            Order memory order = _book.order(orderIds[i]);
            positionIds[i] = OrderMath.opens(order.traits) ? orderIds[i] : OrderMath.positionOf(order);
            promised += OrderMath.keeperFee(order);
        }
        uint256 wealthBefore = _wealthOf(keeper);

        Frame memory frame = _capture("OrderBook.execute");
        vm.recordLogs();
        vm.prank(keeper);
        try _book.execute(orderIds, abi.encode(roundId), keeper) {
            uint256 paid = (_wealthOf(keeper) - wealthBefore) * _scale;
            (uint256 reserveAdded, uint256 earned) = _readOutcomes(frame.action);
            if (paid > promised || paid > earned || earned - paid >= _scale) {
                _breach(15, frame.action, "the keeper was not paid what the fills say", paid);
            }
            _compare(frame, positionIds, reserveAdded, false);
            _done(frame);
            _count("execute: batch");
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            _compare(frame);
        }
    }

    /// @dev Executes an order alone at the price it is entitled to.
    function _executeNow(Dice memory dice, uint256 orderId) internal {
        uint256 roundId = _prepareRound(dice, _book.order(orderId));
        address keeper = _pickKeeper(dice);
        _executeOne(orderId, roundId, keeper, dice.chance(20) ? 5 : 0);
    }

    /// @dev Executes an order alone, and checks what became of it against the model.
    function _executeOne(uint256 orderId, uint256 roundId, address keeper, uint256 value) internal {
        Fill memory fill = _beforeFill(orderId, roundId);
        fill.keeperWealth = _wealthOf(keeper);
        uint256[] memory orderIds = new uint256[](1);
        orderIds[0] = orderId;
        uint256[] memory touched = new uint256[](1);
        touched[0] = fill.positionId;

        Frame memory frame = _capture("OrderBook.execute");
        uint256 ether_ = keeper.balance;
        vm.recordLogs();
        vm.prank(keeper);
        try _book.execute{value: value}(orderIds, abi.encode(roundId), keeper) returns (uint256 executed) {
            (uint256 reserveAdded, ) = _readOutcomes(frame.action);
            int256 net = _compare(frame, touched, reserveAdded, false);
            fill.keeperWealth = _wealthOf(keeper) - fill.keeperWealth;
            _afterExecution(frame, fill, executed);
            _done(frame);
            if (executed == 1) {
                _ghosts.addPoolNet(fill.positionId, net);
                _count(OrderMath.isMarket(fill.order.traits) ? "execute: market" : "execute: trigger");
            }
            if (value != 0 && ether_ - keeper.balance != _oracle.FEE_WEI()) {
                _breach(3, frame.action, "surplus ether was not returned", ether_ - keeper.balance);
            }
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            _compare(frame);
        }
    }

    /// @dev Sums the logs of one execution: reserve added by fills, fees earned by the keeper. Follows what opened.
    function _readOutcomes(string memory action) internal returns (uint256 reserveAdded, uint256 earned) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(_book)) continue;
            uint256 orderId = uint256(logs[i].topics[1]);
            if (logs[i].topics[0] == IOrderBook.OrderExecuted.selector) {
                (, uint256 keeperFee, ) = abi.decode(logs[i].data, (uint256, uint256, bool));
                earned += keeperFee;
                reserveAdded += _follow(orderId);
            } else if (logs[i].topics[0] == IOrderBook.OrderCancelled.selector) {
                (, uint256 refunded, uint256 forfeited, uint256 keeperFee, bytes memory reason) = abi.decode(
                    logs[i].data,
                    (uint256, uint256, uint256, uint256, bytes)
                );
                earned += keeperFee;
                Submitted memory submitted = _submitted[orderId];
                if (refunded + forfeited + keeperFee != submitted.margin + submitted.escrowedFee) {
                    _breach(15, action, "an ended order kept escrow", orderId);
                }
                _count("execute: order ended for a reason");
                _refused("execute: order ended for a reason", reason);
            }
        }
    }

    /// @dev The price that an order is entitled to, made to exist where it does not; now and then any other.
    function _prepareRound(Dice memory dice, Order memory order) private returns (uint256 roundId) {
        uint256 wanted = uint256(order.submittedAt) + _book.executionDelay();
        if (!OrderMath.isMarket(order.traits)) {
            if (_time < wanted) _advance(wanted - _time);
            if (dice.chance(80)) _pushPrice(_priceNearTrigger(dice, order));
            return _oracle.roundCount();
        }
        if (dice.chance(5)) return dice.between(1, _oracle.roundCount());
        uint256 latest = wanted + _book.maxRoundWait();
        roundId = _oracle.firstRoundFrom(wanted);
        if (roundId == 0) {
            if (dice.chance(25) && _time <= latest) _advance(latest - _time + dice.between(1, 70));
            if (_time > latest) return _oracle.roundCount();
            if (_time < wanted) _advance(wanted - _time);
            _pushPrice((_priceNow() * dice.between(985, 1015)) / 1000);
            roundId = _oracle.roundCount();
        }
        (, uint64 observedAt) = _oracle.round(roundId);
        if (observedAt > latest && roundId > 1) --roundId;
        if (observedAt >= _time) _advance(1);
    }

    /// @dev Mostly on the side of the trigger that releases the order.
    function _priceNearTrigger(Dice memory dice, Order memory order) private pure returns (uint256) {
        bool below = (order.sizeDelta > 0) == (order.traits & 3 == uint8(OrderKind.Limit));
        if (dice.chance(20)) below = !below;
        uint256 distance = dice.between(0, 15);
        return (uint256(order.triggerPrice) * (below ? 1000 - distance : 1000 + distance)) / 1000;
    }

    /// @dev Up to five orders of the kind of the first, in order; now and then with one that is not.
    function _pickBatch(Dice memory dice) private view returns (uint256[] memory orderIds) {
        uint256 count = dice.between(1, _waitingIds.length < 5 ? _waitingIds.length : 5);
        orderIds = new uint256[](count);
        uint256 start = dice.below(_waitingIds.length);
        for (uint256 i; i < count; ++i) orderIds[i] = _waitingIds[(start + i) % _waitingIds.length];
        if (dice.chance(5)) return orderIds;
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j = i; j != 0 && orderIds[j] < orderIds[j - 1]; --j) {
                (orderIds[j], orderIds[j - 1]) = (orderIds[j - 1], orderIds[j]);
            }
        }
    }
}
