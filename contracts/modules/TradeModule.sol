// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ITrade, TradeKind, TradeRequest} from "../interfaces/ITrade.sol";
import {BoxMath} from "../libraries/BoxMath.sol";
import {LiquidationMath} from "../libraries/LiquidationMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {SkewMath} from "../libraries/SkewMath.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Closing} from "../types/Closing.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Terms} from "../types/Terms.sol";
import {VaultBox} from "./VaultBox.sol";

/// @title TradeModule
/// @notice Size changes that accounts ask for. The order book decides when and at which price.
abstract contract TradeModule is VaultBox {
    using SafeCast for uint256;
    using SafeCast for int256;
    using WadMath for uint256;
    using MarketMath for Market;
    using PositionMath for Position;

    /// @inheritdoc ITrade
    function trade(TradeRequest calldata request) external onlyOrderBook returns (uint256 keeperFee, uint256 sequence) {
        _requireBatch();
        if (request.counted) delete _pendingMarketOrders[request.positionId];
        Position memory position_ = _positions[request.positionId];
        if (request.opener != address(0)) {
            position_.owner = request.opener;
            position_.termsId = uint8(request.termsId);
        } else {
            require(position_.size != 0, PositionNotFound(request.positionId));
            bool same = request.kind != TradeKind.Order || position_.traits >> 1 == request.transfers;
            require(same, PositionHasNewOwner(request.positionId));
        }
        bool grows = position_.size == 0 || (position_.size > 0) == (request.sizeDelta > 0);
        if (grows) {
            require(!request.reduceOnly, NothingToReduce(request.positionId));
            _increase(request, position_);
        } else {
            keeperFee = _decrease(request, position_);
        }
        // For the log of the order book: a number of its own would cost that contract a slot.
        sequence = ++_market.sequence;
    }

    function _increase(TradeRequest calldata request, Position memory position_) private {
        require(_batchClosingOnly == 0, PriceForClosingOnly());
        uint64 stoppedUntil = _increasesStoppedUntil;
        require(block.timestamp >= stoppedUntil, IncreasesStopped(stoppedUntil));
        Market memory market_ = _market;
        market_.accrue(block.timestamp);
        uint256 price = _batchPrice;
        _adoptTerms(request, position_);
        Terms memory terms_ = _termsOf(request.termsId);

        // Effects: the box, in memory. The cap is looked at before the position grows.
        int256 skewBefore = market_.skew();
        _detachAndFold(market_, position_);
        int256 gain = position_.gain(price, 0);
        require(
            position_.size == 0 || gain < int256(uint256(position_.reserve)),
            PositionAtCap(request.positionId, gain, position_.reserve)
        );
        // What a market order adds is held to all that an opening is, alone: were it the whole, its account could still decide
        // about a known price, by adding margin.
        Position memory grown = position_;
        if (request.counted) {
            // Then the margin ratio can but rise, and what is added pays no debt that was forgiven.
            _requireEquity(request.positionId, position_.equity(gain), 1);
            Position memory added;
            grown = added;
        }
        uint256 fill = _fillPrice(request, price, skewBefore, request.sizeDelta);
        uint256 fee = _grow(request, grown, terms_, fill, price);
        _bookPositionFee(market_, fee);
        if (request.counted) BoxMath.join(position_, grown);
        _stamp(market_, position_, price, _batchObservedAt);

        emit PositionIncreased(
            request.positionId,
            position_.owner,
            ++market_.sequence,
            request.sizeDelta,
            fill,
            price,
            _batchObservedAt,
            fee,
            request.margin,
            request.reserve
        );
        _storePosition(market_, request.positionId, position_);
        _requireOpenInterest(market_, position_.size);

        // The pool locks the reserve, or refuses for all.
        (uint256 cash, uint256 reserved) = _pool.lockReserve(request.reserve);
        _updateRates(market_, cash, reserved);
        _storeMarket(market_);
    }

    function _decrease(TradeRequest calldata request, Position memory position_) private returns (uint256 keeperFee) {
        Market memory market_ = _market;
        market_.accrue(block.timestamp);
        Terms memory terms_ = _termsOf(position_.termsId);
        uint256 price = _batchPrice;
        int256 skewBefore = market_.skew();
        _detachAndFold(market_, position_);
        position_.margin = (position_.margin + request.margin).toUint96();
        int256 equityBefore = position_.equity(position_.gain(price, 0));
        uint256 notionalBefore = PositionMath.notional(position_.size, price);
        bool ordered = request.kind == TradeKind.Order;
        uint256 closed =
            ordered ? _closedSize(request, position_, terms_, skewBefore, price) : WadMath.abs(position_.size);
        uint256 fill =
            request.kind == TradeKind.Settlement
                ? price
                : _fillPrice(request, price, skewBefore, BoxMath.closingDelta(position_, closed));
        if (request.kind == TradeKind.Cap) _requireCap(request.positionId, position_, fill);

        // Effects. The gain of the part is paid out of its reserve before fees are taken from margin: so fees are
        // never swallowed by the cap.
        Closing memory closing = BoxMath.close(position_, closed, fill, _scale);
        _settleClosing(market_, position_, closing, ordered ? 0 : terms_.keeperFeeFloor);
        uint256 fee = ordered ? BoxMath.takeFromMargin(position_, _positionFee(terms_, closed, fill)) : 0;
        _bookPositionFee(market_, fee);
        keeperFee = ordered ? request.keeperFeeFromMargin : terms_.keeperFeeFloor;
        keeperFee = BoxMath.takeFromMargin(position_, keeperFee);
        if (position_.size != 0) {
            _requireNotWorse(position_, terms_, equityBefore, notionalBefore, price);
        }
        _stamp(market_, position_, price, _batchObservedAt);
        uint256 paidOut = _finishDecrease(request.positionId, market_, position_, closing, fee);

        // Interactions.
        _payOut(position_.owner, paidOut);
    }

    /// @dev Where no order pays the keeper its `floor` and no margin is left to, the reserve does, as in a liquidation: else
    /// nobody would close what is bankrupt.
    function _settleClosing(
        Market memory market_,
        Position memory position_,
        Closing memory closing,
        uint256 floor
    ) private {
        uint256 extra = LiquidationMath.feeFromReserve(position_.margin, floor, _scale);
        position_.margin = uint96(position_.margin + extra - _settleWithPool(market_, position_, closing, extra));
    }

    /// @dev Emits the receipt and stores everything; returns what goes to the owner [token].
    function _finishDecrease(
        uint256 positionId,
        Market memory market_,
        Position memory position_,
        Closing memory closing,
        uint256 fee
    ) private returns (uint256 paidOut) {
        if (position_.size == 0) paidOut = _toToken(market_, position_.margin);
        _recordShortfall(market_, positionId, closing.shortfall);
        emit PositionDecreased(
            positionId,
            position_.owner,
            ++market_.sequence,
            closing.closedSize,
            closing.fillPrice,
            _batchPrice,
            _batchObservedAt,
            fee,
            int256(closing.gain) - int256(closing.loss),
            paidOut * _scale
        );
        _storePosition(market_, positionId, position_);
        _updateRates(market_, closing.cash, closing.reserved);
        _storeMarket(market_);
    }

    function _adoptTerms(TradeRequest calldata request, Position memory position_) private view {
        uint256 latest = _latestTermsId;
        // Beside a market order the position is not checked, so it cannot take other terms.
        bool offered =
            (request.termsId == latest && !request.counted) ||
                (position_.size != 0 && request.termsId == position_.termsId);
        require(offered, TermsNotOffered(request.termsId, latest));
        position_.termsId = uint8(request.termsId);
    }

    /// @dev A gain at the price of now would not do: every close fills at the skewed price, this one too.
    function _requireCap(uint256 positionId, Position memory position_, uint256 fill) private view {
        require(_batchClosingOnly == 0, PriceForClosingOnly());
        int256 gain = position_.gain(fill, 0);
        require(gain >= int256(uint256(position_.reserve)), CapNotReached(positionId, gain, position_.reserve));
    }

    function _requireOpenInterest(Market memory market_, int256 size) private view {
        uint256 openInterest = size > 0 ? market_.longOpenInterest : market_.shortOpenInterest;
        require(openInterest <= _maxOpenInterest, OpenInterestExceeded(openInterest, _maxOpenInterest));
    }

    /// @dev The size to close: what was asked for, or all of it where the rest would be too small to keep.
    function _closedSize(
        TradeRequest calldata request,
        Position memory position_,
        Terms memory terms_,
        int256 skewBefore,
        uint256 price
    ) private view returns (uint256 closed) {
        uint256 whole = WadMath.abs(position_.size);
        closed = WadMath.abs(request.sizeDelta);
        require(closed <= whole || request.reduceOnly, SignFlips(position_.size, request.sizeDelta));
        if (closed >= whole) return whole;
        uint256 fill = _fillPrice(request, price, skewBefore, request.sizeDelta);
        Position memory rest = BoxMath.copy(position_);
        BoxMath.close(rest, closed, fill, _scale);
        BoxMath.takeFromMargin(rest, _positionFee(terms_, closed, fill) + request.keeperFeeFromMargin);
        bool keeps =
            PositionMath.notional(rest.size, price) >= terms_.minNotional &&
                rest.equity(rest.gain(price, 0)) >= int256(uint256(terms_.minMargin)) &&
                rest.reserve >= terms_.keeperFeeFloor;
        if (!keeps) closed = whole;
    }

    function _fillPrice(
        TradeRequest calldata request,
        uint256 price,
        int256 skewBefore,
        int256 sizeDelta
    ) private view returns (uint256 fill) {
        bool buys = sizeDelta > 0;
        if (request.spread != 0) {
            price =
                buys ? price.mulWadUp(WadMath.WAD + request.spread) : price.mulWadDown(WadMath.WAD - request.spread);
        }
        fill = SkewMath.fillPrice(price, skewBefore, sizeDelta, _skewScale);
        require(
            buys ? fill <= request.acceptablePrice : fill >= request.acceptablePrice,
            PriceNotAcceptable(fill, request.acceptablePrice)
        );
    }

    function _bookPositionFee(Market memory market_, uint256 fee) private view {
        uint256 share = fee.mulWadDown(_protocolFeeShare);
        market_.protocolDue += uint128(share);
        market_.poolDue += uint128(fee - share);
    }

    /// @dev Puts what an order adds into `grown`, which owes nothing: the position itself, folded, or an empty box beside it.
    function _grow(
        TradeRequest calldata request,
        Position memory grown,
        Terms memory terms_,
        uint256 fill,
        uint256 price
    ) private pure returns (uint256 fee) {
        _checkReserve(request, grown, terms_, fill, price);
        grown.size = (grown.size + request.sizeDelta).toInt96();
        grown.openNotional = (grown.openNotional + WadMath.mulWadCeil(request.sizeDelta, int256(fill))).toInt96();
        grown.reserve = (grown.reserve + request.reserve).toUint96();
        fee = _positionFee(terms_, WadMath.abs(request.sizeDelta), fill);
        uint256 margin = grown.margin + request.margin;
        require(margin >= fee, MarginBelowFees(margin, fee));
        grown.margin = (margin - fee).toUint96();
        uint256 notional = PositionMath.notional(grown.size, price);
        require(notional >= terms_.minNotional, NotionalTooSmall(notional, terms_.minNotional));
        int256 equity = grown.equity(grown.gain(price, 0));
        _requireEquity(request.positionId, equity, PositionMath.initialMargin(notional, terms_));
    }

    /// @dev What is added must bring its own reserve: bounded below, and above by the most it could win.
    function _checkReserve(
        TradeRequest calldata request,
        Position memory position_,
        Terms memory terms_,
        uint256 fill,
        uint256 price
    ) private pure {
        uint256 added = PositionMath.notional(request.sizeDelta, price);
        uint256 upper = added;
        if (request.sizeDelta < 0) {
            uint256 atFill = WadMath.abs(request.sizeDelta).mulWadDown(fill);
            if (atFill < upper) upper = atFill;
        }
        uint256 lower = added.mulWadUp(terms_.minReserveRatio);
        if (position_.reserve + lower < terms_.keeperFeeFloor) lower = terms_.keeperFeeFloor - position_.reserve;
        require(
            request.reserve >= lower && request.reserve <= upper,
            ReserveOutOfBounds(request.reserve, lower, upper)
        );
    }

    function _positionFee(Terms memory terms_, uint256 size, uint256 fill) private pure returns (uint256) {
        return size.mulWadUp(fill).mulWadUp(terms_.positionFeeRatio);
    }
}
