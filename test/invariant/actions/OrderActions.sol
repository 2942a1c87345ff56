// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Order, OrderKind, OrderRequest} from "../../../contracts/types/Order.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Model} from "../support/Model.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {ExecutionActions} from "./ExecutionActions.sol";
import {Frame} from "./HandlerBase.sol";

/// @title OrderActions
/// @notice What accounts ask of the order book.
abstract contract OrderActions is ExecutionActions {
    using Random for Dice;

    function submitOpen(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address account = _pickOwner(dice);
        uint256 orderId = _submit("submit: open", account, _opening(dice));
        if (orderId != 0 && dice.chance(60)) _executeNow(dice, orderId);
    }

    /// @notice Opens with a stop-loss and a take-profit, in one transaction.
    function submitWithExits(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address account = _pickOwner(dice);
        uint256 first = _book.orderCount() + 1;
        OrderRequest memory opening = _opening(dice);
        OrderRequest memory stop = _exit(dice, first, opening.sizeDelta, OrderKind.Stop);
        OrderRequest memory limit = _exit(dice, first, opening.sizeDelta, OrderKind.Limit);
        (stop.reduceOnly, limit.reduceOnly) = (true, true);
        (stop.feeFromMargin, limit.feeFromMargin) = (true, true);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(_book.submit, (opening));
        calls[1] = abi.encodeCall(_book.submit, (stop));
        calls[2] = abi.encodeCall(_book.submit, (limit));
        _give(account, (opening.margin + opening.keeperFee) / _scale, address(_vault));

        Frame memory frame = _capture("OrderBook.multicall");
        vm.prank(account);
        try _book.multicall(calls) {
            for (uint256 i; i < 3; ++i) _remember(first + i);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    /// @notice Several accounts in one second, filled together at one price.
    function tradeTogether(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256[] memory orderIds = new uint256[](dice.between(2, 4));
        for (uint256 i; i < orderIds.length; ++i) {
            bool opens = _openIds.length == 0 || dice.chance(40);
            uint256 positionId = opens ? 0 : _openIds[dice.below(_openIds.length)];
            Position memory position = _vault.position(positionId);
            OrderRequest memory request =
                opens ? _opening(dice) : _exit(dice, positionId, position.size, OrderKind.Market);
            (request.kind, request.triggerPrice, request.expiry) = (OrderKind.Market, 0, 0);
            orderIds[i] = _submit("submit: market", opens ? _pickOwner(dice) : position.owner, request);
            if (orderIds[i] == 0) return;
        }
        _executeTogether(dice, orderIds);
    }

    function submitIncrease(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory position = _vault.position(positionId);
        OrderRequest memory request = _opening(dice);
        request.positionId = positionId;
        if (dice.chance(40)) request.termsId = position.termsId;
        request.sizeDelta = int256(Model.abs(request.sizeDelta));
        if (position.size < 0) request.sizeDelta = -request.sizeDelta;
        // Such an order may carry margin alone for a part of it, or none.
        if (dice.chance(30)) request.margin = 0;
        _setPrices(dice, request);
        uint256 orderId = _submit("submit: increase", position.owner, request);
        if (orderId != 0 && dice.chance(50)) _executeNow(dice, orderId);
    }

    function submitDecrease(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory position = _vault.position(positionId);
        OrderKind kind = dice.chance(60) ? OrderKind.Market : OrderKind(dice.between(1, 2));
        OrderRequest memory request = _exit(dice, positionId, position.size, kind);
        if (!request.reduceOnly && dice.chance(30)) request.margin = dice.between(1, 500) * 1e18;
        uint256 orderId = _submit("submit: decrease", position.owner, request);
        if (orderId != 0 && dice.chance(50)) _executeNow(dice, orderId);
    }

    /// @notice By its account, or by somebody who hopes that it is dead.
    function cancel(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_waitingIds.length == 0) return;
        uint256 orderId = _waitingIds[dice.below(_waitingIds.length)];
        Order memory order = _book.order(orderId);
        if (dice.chance(60)) _advanceTo(order.submittedAt + 2 + 60 + 60 + dice.between(0, 2));
        if (dice.chance(30)) _advanceTo(uint256(order.expiry) + dice.between(0, 1));
        address account = _book.accountOf(orderId);
        _cancel(orderId, dice.chance(50) ? account : STRANGER, dice.chance(30) ? bytes("absent") : bytes(""));
    }

    function _submit(
        string memory variant,
        address account,
        OrderRequest memory request
    ) internal returns (uint256 submitted) {
        string memory action = "OrderBook.submit";
        uint256 escrow = request.margin + (request.feeFromMargin ? 0 : request.keeperFee);
        _give(account, escrow / _scale, address(_vault));
        uint256 wealthBefore = _wealthOf(account);

        Frame memory frame = _capture(action);
        vm.prank(account);
        try _book.submit(request) returns (uint256 orderId) {
            _remember(orderId);
            submitted = orderId;
            if (wealthBefore - _wealthOf(account) != escrow / _scale) {
                _breach(15, action, "escrow is not margin and fee", orderId);
            }
            _done(frame);
            _count(variant);
        } catch (bytes memory reason) {
            _refused(action, reason);
        }
        _compare(frame);
    }

    /// @dev A cancelled order returns its escrow to the wei, less the fee where it is forfeited to the pool.
    function _cancel(uint256 orderId, address caller, bytes memory proof) internal returns (bool cancelled) {
        Order memory order = _book.order(orderId);
        address account = _book.accountOf(orderId);
        uint256 wealthBefore = _wealthOf(account);
        // A settled market owes everybody everything back, at any time.
        bool bound = OrderMath.isMarket(order.traits) && !_vault.isSettled();

        Frame memory frame = _capture("OrderBook.cancel");
        vm.prank(caller);
        try _book.cancel(orderId, proof) {
            uint256 forfeited = bound && !(_oracle.absent() && proof.length != 0) ? OrderMath.escrowedFee(order) : 0;
            uint256 refunded = order.margin + OrderMath.escrowedFee(order) - forfeited;
            if ((_wealthOf(account) - wealthBefore) * _scale != refunded) {
                _breach(15, frame.action, "refund is not the escrow", orderId);
            }
            if (_vault.market().poolDue - frame.market.poolDue != forfeited) {
                _breach(15, frame.action, "forfeit is not the fee", orderId);
            }
            if (bound && _time <= uint256(order.submittedAt) + 2 + 60 + 60) {
                _breach(15, frame.action, "a market order was cancelled in its window", orderId);
            }
            cancelled = true;
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    function _opening(Dice memory dice) private view returns (OrderRequest memory request) {
        uint256 price = _priceNow();
        uint256 notional = dice.chance(3) ? 50_000_000e18 : dice.spread(55e18, 3_000_000e18);
        bool long = dice.chance(50);
        request.sizeDelta = int256((notional * 1e18) / price);
        if (!long) request.sizeDelta = -request.sizeDelta;
        uint256 margin = dice.chance(60) ? notional / dice.between(10, 24) : notional / dice.between(1, 30);
        request.margin = _whole(margin < 12e18 ? 12e18 : margin);
        uint256 share = dice.chance(50) ? dice.between(0.1e18, 0.3e18) : dice.between(0.1e18, 0.99e18);
        request.reserve = (notional * share) / 1e18 + 1e18;
        if (dice.chance(5)) request.reserve = dice.spread(0, 2 * notional);
        request.kind = dice.chance(75) ? OrderKind.Market : OrderKind(dice.between(1, 2));
        request.termsId = uint16(_charter.latestTermsId() + (dice.chance(98) ? 0 : 1));
        _setPrices(dice, request);
    }

    function _exit(
        Dice memory dice,
        uint256 positionId,
        int256 size,
        OrderKind kind
    ) internal view returns (OrderRequest memory request) {
        request.positionId = positionId;
        request.kind = kind;
        request.reduceOnly = dice.chance(60);
        request.feeFromMargin = request.reduceOnly && kind != OrderKind.Market && dice.chance(60);
        request.termsId = 1;
        uint256 whole = Model.abs(size);
        uint256 closed = dice.chance(40) ? whole : dice.spread(1, whole);
        if (dice.chance(10)) closed = whole * 2;
        request.sizeDelta = size > 0 ? -int256(closed) : int256(closed);
        _setPrices(dice, request);
    }

    /// @dev What the account accepts, when it fills, what it pays the keeper, and until when it stands.
    function _setPrices(Dice memory dice, OrderRequest memory request) private view {
        uint256 price = _priceNow();
        bool buys = request.sizeDelta > 0;
        bool careless = dice.chance(80);
        if (buys) request.acceptablePrice = careless ? type(uint96).max : (price * dice.between(990, 1030)) / 1000;
        else request.acceptablePrice = careless ? 0 : (price * dice.between(970, 1010)) / 1000;
        request.keeperFee = _whole(dice.spread(1e18, 3e18));
        request.keeperFee -= request.keeperFee % OrderMath.FEE_STEP;
        if (request.kind != OrderKind.Market) {
            request.triggerPrice = (price * dice.between(950, 1050)) / 1000;
            request.expiry = uint64(_time + (dice.chance(10) ? 1 : dice.between(1 minutes, 1 days)));
        }
    }

    function _whole(uint256 amount) private view returns (uint256) {
        return amount - (amount % _scale);
    }
}
