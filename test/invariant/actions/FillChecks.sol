// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Market} from "../../../contracts/types/Market.sol";
import {Order} from "../../../contracts/types/Order.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Box, Model} from "../support/Model.sol";
import {Frame} from "./HandlerBase.sol";
import {OrderMemory} from "./OrderMemory.sol";

/// @title FillChecks
/// @notice What one change of size does to one box, against the model: never more in the account's favour than exact
/// arithmetic gives, and never less than named roundings explain (LAW-7, LAW-8, LAW-15).
abstract contract FillChecks is OrderMemory {
    /// @dev One order before, and what to compare it with after.
    struct Fill {
        uint256 orderId;
        uint256 positionId;
        address account;
        Order order;
        Position before;
        uint256 price;
        uint64 observedAt;
        uint256 accountWealth;
        uint256 keeperWealth;
        /// @dev Whether the token refuses either vault: what cannot be delivered is then claimable elsewhere.
        bool obstructed;
    }

    function _beforeFill(uint256 orderId, uint256 roundId) internal view returns (Fill memory fill) {
        fill.orderId = orderId;
        fill.order = _book.order(orderId);
        fill.positionId = OrderMath.opens(fill.order.traits) ? orderId : OrderMath.positionOf(fill.order);
        fill.account = _book.accountOf(orderId);
        fill.before = _vault.position(fill.positionId);
        (fill.price, fill.observedAt) = _oracle.round(roundId);
        fill.accountWealth = _wealthOf(fill.account);
        fill.obstructed = _token.isRefused(address(_vault));
    }

    function _afterExecution(Frame memory frame, Fill memory fill, uint256 executed) internal {
        if (!OrderMath.isMarket(fill.order.traits) && fill.observedAt < frame.market.clock) {
            _breach(16, frame.action, "an older price was used", fill.observedAt);
        }
        bool leads = OrderMath.isMarket(fill.order.traits) || OrderMath.opens(fill.order.traits);
        if (executed != 0 && !leads && _vault.pendingMarketOrders(fill.positionId) != 0) {
            _breach(NO_PANIC, frame.action, "a trigger order went before a market order", fill.positionId);
        }
        if (executed == 0) _checkCancelled(frame, fill);
        else if (_grew(fill)) _checkIncrease(frame, fill);
        else _checkDecrease(frame, fill);
    }

    /// @dev Margin comes back, and the fee goes to the keeper or, where the position is gone, back as well.
    function _checkCancelled(Frame memory frame, Fill memory fill) private {
        uint256 fee = OrderMath.escrowedFee(fill.order);
        bool opens = OrderMath.opens(fill.order.traits);
        bool moved = OrderMath.transfersOf(fill.order) != fill.before.traits >> 1;
        bool gone = !opens && (fill.before.size == 0 || moved);
        if (_vault.position(fill.positionId).size != fill.before.size) {
            _breach(15, frame.action, "a cancelled order changed a size", fill.orderId);
        }
        uint256 returned = (_wealthOf(fill.account) - fill.accountWealth) * _scale;
        uint256 earned = fill.keeperWealth * _scale;
        if (returned + earned != fill.order.margin + fee) {
            _breach(15, frame.action, "escrow of a cancelled order went astray", fill.orderId);
        }
        if (gone && earned != 0) _breach(15, frame.action, "a dead order paid its keeper", fill.orderId);
    }

    function _checkIncrease(Frame memory frame, Fill memory fill) private {
        Position memory after_ = _vault.position(fill.positionId);
        int256 delta = fill.order.sizeDelta;
        int256 fillE36 = _fillE36(frame, fill, delta);
        int256 exact = Model.foldedNotional(fill.before, frame.fundingIndex, frame.borrowIndex);
        if (fill.before.size == 0) exact = 0;
        exact += (delta * fillE36) / 1e18;
        // A wei of price for the fill and one for the spread, and a few of amount.
        int256 tolerance = ((2 * int256(Model.abs(delta))) / 1e18 + 8) * 1e18;
        int256 stored = int256(after_.openNotional) * 1e18;
        if (stored < exact - 1e10 || stored > exact + tolerance) {
            _breach(8, frame.action, "open notional after an increase", fill.positionId);
        }
        uint256 fee = (Model.abs((delta * fillE36) / 1e36) * _termsOf(after_).positionFeeRatio) / 1e18;
        uint256 funded = fill.before.margin + fill.order.margin - after_.margin;
        // The fee's base is the rounded fill, which for a sale is the lower one.
        uint256 slack = uint256(tolerance / 1e18);
        if (funded + slack < fee || funded > fee + slack) {
            _breach(15, frame.action, "margin did not become margin and fee", fill.positionId);
        }
        if (after_.reserve != uint256(fill.before.reserve) + fill.order.reserve) {
            _breach(4, frame.action, "reserve after an increase", fill.positionId);
        }
        if (fill.keeperWealth * _scale != OrderMath.keeperFee(fill.order)) {
            _breach(15, frame.action, "the keeper's fee is not the order's", fill.orderId);
        }
        _checkGuards(frame, fill, after_);
    }

    /// @dev What an increase must end with (§5): the whole, or what a market order adds to an open position.
    function _checkGuards(Frame memory frame, Fill memory fill, Position memory after_) private {
        bool alone = OrderMath.isMarket(fill.order.traits) && !OrderMath.opens(fill.order.traits);
        Position memory held = alone ? _addedBy(frame, fill, after_) : after_;
        int256 required =
            (Model.notional(held, fill.price) * int256(uint256(_termsOf(after_).initialMarginRatio))) / 1e18;
        if (_equityOf(frame, fill, held) < required) {
            _breach(6, frame.action, "an increase left less than initial margin", fill.positionId);
        }
        if (alone && _equityOf(frame, fill, fill.before) <= 0) {
            _breach(6, frame.action, "a position that had lost its margin grew", fill.positionId);
        }
        if (_pool.reserved() * 1e18 > _pool.cash() * _pool.parameters().maxUtilization) {
            _breach(2, frame.action, "an increase reserved more than the pool allows", _pool.reserved());
        }
        Market memory market = _vault.market();
        uint256 openInterest = after_.size > 0 ? market.longOpenInterest : market.shortOpenInterest;
        if (openInterest > _charter.maxOpenInterest()) _breach(5, frame.action, "beyond the cap", openInterest);
        if (_time < _charter.increasesStoppedUntil() || _oracle.closingOnly()) {
            _breach(13, frame.action, "grew while increases are stopped", fill.positionId);
        }
        if (fill.before.size != 0 && after_.termsId != fill.before.termsId && after_.termsId != fill.order.termsId) {
            _breach(13, frame.action, "took terms that its order does not name", fill.positionId);
        }
    }

    /// @dev What an order has added, as a position of its own.
    function _addedBy(
        Frame memory frame,
        Fill memory fill,
        Position memory after_
    ) private view returns (Position memory added) {
        int256 delta = fill.order.sizeDelta;
        added.size = fill.order.sizeDelta;
        added.openNotional = int96((delta * _fillE36(frame, fill, delta)) / 1e36);
        added.margin = after_.margin - fill.before.margin;
        added.reserve = fill.order.reserve;
        (added.fundingIndex, added.borrowIndex) = (after_.fundingIndex, after_.borrowIndex);
    }

    function _equityOf(
        Frame memory frame,
        Fill memory fill,
        Position memory position
    ) private pure returns (int256 equity) {
        int256 gain = Model.gain(position, fill.price, frame.fundingIndex, frame.borrowIndex);
        equity = Model.equity(position, gain);
    }

    function _checkDecrease(Frame memory frame, Fill memory fill) private {
        Position memory after_ = _vault.position(fill.positionId);
        int256 delta = int256(after_.size) - fill.before.size;
        uint256 fromMargin = OrderMath.keeperFee(fill.order) - OrderMath.escrowedFee(fill.order);
        fill.before.margin += fill.order.margin;
        int256 fillE36 = _fillE36(frame, fill, delta);
        uint256 fee = (Model.abs((delta * fillE36) / 1e36) * _termsOf(fill.before).positionFeeRatio) / 1e18;
        fee += fromMargin;
        _checkBox(frame, fill, fillE36, fee);
        uint256 earned = fill.keeperWealth * _scale;
        if (earned < OrderMath.escrowedFee(fill.order) || earned > OrderMath.keeperFee(fill.order)) {
            _breach(15, frame.action, "the keeper's fee is not the order's", fill.orderId);
        }
    }

    /// @dev The box after a close of whatever cause: margin kept and paid out lies between the exact result before
    /// fees, and the same less `fees` and roundings.
    function _checkBox(Frame memory frame, Fill memory fill, int256 fillE36, uint256 fees) internal {
        Position memory after_ = _vault.position(fill.positionId);
        uint256 whole = Model.abs(fill.before.size);
        uint256 closed = whole - Model.abs(after_.size);
        if ((after_.size > 0) != (fill.before.size > 0) && after_.size != 0) {
            _breach(6, frame.action, "a close flipped the sign", fill.positionId);
        }
        Box memory box = Model.close(fill.before, closed, fillE36, frame.fundingIndex, frame.borrowIndex);
        uint256 left = after_.margin + (_wealthOf(fill.account) - fill.accountWealth) * _scale;
        int256 tolerance = int256(((2 * closed) / 1e18 + 10 + _scale * 2) * 1e18);
        if (int256(left) * 1e18 > box.margin + 1e10 && !fill.obstructed) {
            _breach(7, frame.action, "a box gave more than it held", fill.positionId);
        }
        if (int256(left + fees) * 1e18 < box.margin - tolerance) {
            _breach(7, frame.action, "a box gave less than it held", fill.positionId);
        }
        if (after_.size == 0) return;
        int256 stored = int256(after_.openNotional) * 1e18;
        int256 slack = ((2 * int256(closed)) / 1e18 + 8) * 1e18;
        if (stored < box.openNotional - slack || stored > box.openNotional + slack) {
            _breach(8, frame.action, "open notional after a decrease", fill.positionId);
        }
        if (after_.reserve != fill.before.reserve - (uint256(fill.before.reserve) * closed) / whole) {
            _breach(4, frame.action, "reserve after a decrease", fill.positionId);
        }
    }

    /// @dev Whether a market order had no price of its own, from the text of §7: none observed from `T` to `latest`.
    function _fillE36(Frame memory frame, Fill memory fill, int256 delta) private view returns (int256 fillE36) {
        fillE36 = Model.fillPrice(fill.price, Model.skew(frame.market), delta, _skewScale);
        uint256 wanted = uint256(fill.order.submittedAt) + _book.executionDelay();
        if (OrderMath.isMarket(fill.order.traits) && fill.observedAt < wanted) {
            int256 spread = delta > 0 ? int256(_latencySpread) : -int256(_latencySpread);
            fillE36 = (fillE36 * (1e18 + spread)) / 1e18;
        }
    }

    function _grew(Fill memory fill) private pure returns (bool) {
        return fill.before.size == 0 || (fill.before.size > 0) == (fill.order.sizeDelta > 0);
    }
}
