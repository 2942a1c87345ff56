// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {SkewMath} from "../libraries/SkewMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {Terms} from "../types/Terms.sol";
import {Closing, VaultBox} from "./VaultBox.sol";

/// @dev One liquidation under way. Amounts are WAD quote.
struct Assessment {
    int256 equity;
    uint256 maintenanceMargin;
    uint256 notional;
    /// @dev Maintenance margin ratio plus liquidation fee ratio [WAD].
    uint256 ratio;
    /// @dev Long minus short open interest before the liquidation [WAD base].
    int256 skew;
    Terms terms;
}

/// @title LiquidationModule
/// @notice Closes positions that no longer hold their maintenance margin, and those that have won all they can.
abstract contract LiquidationModule is VaultBox {
    using WadMath for uint256;
    using MarketMath for Market;
    using PositionMath for Position;

    /// @dev Rounding of equity over a partial liquidation is a few wei, and up to a token unit of gain that is not paid;
    /// aiming that much higher keeps the rest at or above the target [WAD quote].
    int256 private constant _ROUNDING_SLACK = 16;

    /// @inheritdoc ILiquidation
    function liquidate(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable nonReentrant returns (uint256 keeperFee) {
        uint256[] memory positionIds = new uint256[](1);
        positionIds[0] = positionId;
        (, keeperFee) = _liquidateAll(positionIds, proof, feeReceiver);
    }

    /// @inheritdoc ILiquidation
    function liquidateBatch(
        uint256[] calldata positionIds,
        bytes calldata proof,
        address feeReceiver
    ) external payable nonReentrant returns (uint256 liquidated, uint256 keeperFee) {
        return _liquidateAll(positionIds, proof, feeReceiver);
    }

    /// @dev One price for all. A list of one throws why it could not be liquidated; a longer one logs it and goes on.
    function _liquidateAll(
        uint256[] memory positionIds,
        bytes calldata proof,
        address feeReceiver
    ) private returns (uint256 liquidated, uint256 keeperFee) {
        require(feeReceiver != address(0), ZeroAddress());
        Market memory market_ = _accrued();
        Price memory price = _spotPrice(market_, proof);
        _requireGraceOver(price);
        address[] memory owners = new address[](positionIds.length);
        uint256[] memory payouts = new uint256[](positionIds.length);
        for (uint256 i = 0; i < positionIds.length; ++i) {
            (Position memory position_, Assessment memory assessment, bytes memory refusal) = _assess(
                market_,
                positionIds[i],
                price.value
            );
            if (refusal.length != 0) {
                if (positionIds.length == 1) _revertWith(refusal);
                emit LiquidationSkipped(positionIds[i], ++market_.sequence, refusal);
                continue;
            }
            ++liquidated;
            uint256 fee;
            (fee, payouts[i]) = _liquidate(market_, positionIds[i], position_, assessment, price);
            owners[i] = position_.owner;
            keeperFee += fee;
        }
        require(liquidated != 0, NothingLiquidated(positionIds.length));
        uint256 keeperFeeToken = _toToken(market_, keeperFee);
        _storeMarket(market_);

        // Interactions.
        for (uint256 i = 0; i < owners.length; ++i) {
            _payOut(owners[i], payouts[i]);
        }
        _payOut(feeReceiver, keeperFeeToken);
        _returnEther();
    }

    /// @dev Why a position cannot be liquidated, as an encoded error; empty when it can. One rule for a single call,
    /// which throws it, and for a batch, which logs it.
    function _assess(
        Market memory market_,
        uint256 positionId,
        uint256 price
    ) private view returns (Position memory position_, Assessment memory assessment, bytes memory refusal) {
        position_ = _positions[positionId];
        if (position_.size == 0) {
            refusal = abi.encodeWithSelector(PositionNotFound.selector, positionId);
            return (position_, assessment, refusal);
        }
        Terms memory terms_ = _termsOf(position_.termsId);
        assessment.terms = terms_;
        int256 gain = position_.gain(price, position_.accrued(market_.fundingIndex, market_.borrowIndex));
        assessment.equity = position_.equity(gain);
        assessment.notional = PositionMath.notional(position_.size, price);
        assessment.ratio = uint256(terms_.maintenanceMarginRatio) + terms_.liquidationFeeRatio;
        uint256 required = PositionMath.maintenanceMargin(assessment.notional, assessment.ratio, terms_.minMaintenance);
        assessment.maintenanceMargin = required;
        assessment.skew = market_.skew();
        uint256 coolUntil = position_.cooldown == 0 ? 0 : uint256(position_.priceTime) + position_.cooldown;
        if (gain >= int256(uint256(position_.reserve))) {
            refusal = abi.encodeWithSelector(PositionCapped.selector, positionId, gain, position_.reserve);
        } else if (assessment.equity >= int256(required)) {
            refusal = abi.encodeWithSelector(PositionHealthy.selector, positionId, assessment.equity, required);
        } else if (block.timestamp < coolUntil && 2 * assessment.equity >= int256(required)) {
            refusal = abi.encodeWithSelector(CoolingOff.selector, positionId, coolUntil);
        }
    }

    /// @dev Closes in part or whole, in this order: fold, (rescue: mandates are tried here once positions have them),
    /// part or whole, the box, the keeper. Stores the position; the caller stores the market and pays out.
    function _liquidate(
        Market memory market_,
        uint256 positionId,
        Position memory position_,
        Assessment memory assessment,
        Price memory price
    ) private returns (uint256 keeperFee, uint256 paidOut) {
        Terms memory terms_ = assessment.terms;
        _detachAndFold(market_, position_);
        uint256 closed = _partialSize(position_, assessment, terms_, price.value);
        uint256 fill = SkewMath.fillPrice(price.value, assessment.skew, _closingDelta(position_, closed), _skewScale);
        Closing memory closing = _closing(position_, closed, fill);
        uint256 fee = _liquidationFee(closed, price.value, terms_);
        uint256 extra = position_.size == 0 ? _feeFromReserve(position_, closing, terms_.keeperFeeFloor) : 0;
        uint256 undelivered = _settleWithPool(market_, position_, closing, extra);
        uint256 lost = undelivered < extra ? undelivered : extra;
        position_.margin -= uint96(undelivered - lost);
        uint256 taken = _takeFromMargin(position_, fee) + extra - lost;
        keeperFee = taken < terms_.keeperFeeCap ? taken : terms_.keeperFeeCap;
        market_.poolDue += uint128(taken - keeperFee);

        _stamp(market_, position_, price.value, price.observedAt);
        if (position_.size == 0) paidOut = _toToken(market_, position_.margin);
        else position_.cooldown = _cooldown(position_, terms_.liquidationCooldown);
        _recordShortfall(market_, positionId, closing.shortfall);
        _emitReceipt(market_, positionId, position_, assessment, closing, price, taken, keeperFee, paidOut);
        _storePosition(market_, positionId, position_);
        _updateRates(market_, closing.cash, closing.reserved);
    }

    /// @dev The part to close, or the whole where the rest could not be kept at its target.
    function _partialSize(
        Position memory position_,
        Assessment memory assessment,
        Terms memory terms_,
        uint256 price
    ) private view returns (uint256 closed) {
        uint256 targetRatio = assessment.ratio.mulWadUp(terms_.liquidationTarget);
        uint256 impact = SkewMath.worstExitImpact(position_.size, assessment.skew, _skewScale);
        closed = PositionMath.liquidationSize(
            position_.size,
            assessment.notional,
            assessment.equity - _ROUNDING_SLACK - int256(_scale),
            targetRatio,
            terms_.liquidationFeeRatio + impact
        );
        uint256 whole = WadMath.abs(position_.size);
        if (closed == whole) return whole;

        // Worked out on a copy: the rest must pay its fee, stand at its target and be worth keeping.
        Position memory rest = _copy(position_);
        uint256 fill = SkewMath.fillPrice(price, assessment.skew, _closingDelta(position_, closed), _skewScale);
        _closing(rest, closed, fill);
        uint256 fee = _liquidationFee(closed, price, terms_);
        if (fee == terms_.keeperFeeFloor || rest.margin < fee) return whole;
        _takeFromMargin(rest, fee);
        if (!_keepable(rest, terms_, price, assessment.ratio)) return whole;
    }

    function _keepable(
        Position memory rest,
        Terms memory terms_,
        uint256 price,
        uint256 ratio
    ) private pure returns (bool) {
        uint256 notional = PositionMath.notional(rest.size, price);
        uint256 required = notional.mulWadUp(ratio);
        int256 equity = rest.equity(rest.gain(price, 0));
        return
            required >= terms_.minMaintenance &&
            notional >= terms_.minNotional &&
            rest.reserve >= terms_.keeperFeeFloor &&
            equity >= int256(uint256(terms_.minMargin)) &&
            equity >= int256(required.mulWadUp(terms_.liquidationTarget));
    }

    /// @dev `max(lfr × closed notional, keeperFeeFloor)`.
    function _liquidationFee(uint256 closed, uint256 price, Terms memory terms_) private pure returns (uint256 fee) {
        fee = closed.mulWadUp(price).mulWadUp(terms_.liquidationFeeRatio);
        if (fee < terms_.keeperFeeFloor) fee = terms_.keeperFeeFloor;
    }

    /// @dev What the released reserve adds when the margin cannot pay the keeper's floor. Never more than the floor,
    /// so that liquidating oneself does not pay, and never more than the reserve has left after the gain.
    function _feeFromReserve(
        Position memory position_,
        Closing memory closing,
        uint256 keeperFeeFloor
    ) private view returns (uint256 extra) {
        if (position_.margin >= keeperFeeFloor) return 0;
        extra = TokenScale.ceilToToken(keeperFeeFloor - position_.margin, _scale);
        uint256 left = TokenScale.floorToToken(closing.released - closing.gain, _scale);
        if (extra > left) extra = left;
    }

    /// @dev Cool-off from now, as stored: counted from the observation time of the price.
    function _cooldown(Position memory position_, uint256 pause) private view returns (uint16) {
        uint256 offset = block.timestamp + pause - position_.priceTime;
        return uint16(offset < type(uint16).max ? offset : type(uint16).max);
    }

    function _emitReceipt(
        Market memory market_,
        uint256 positionId,
        Position memory position_,
        Assessment memory assessment,
        Closing memory closing,
        Price memory price,
        uint256 fee,
        uint256 keeperFee,
        uint256 paidOut
    ) private {
        emit PositionLiquidated(
            positionId,
            position_.owner,
            msg.sender,
            ++market_.sequence,
            price.value,
            price.observedAt,
            assessment.equity,
            assessment.maintenanceMargin,
            closing.closedSize,
            position_.size,
            closing.fillPrice,
            fee,
            keeperFee,
            paidOut * _scale,
            closing.shortfall
        );
    }

    function _revertWith(bytes memory refusal) private pure {
        assembly ("memory-safe") {
            revert(add(refusal, 32), mload(refusal))
        }
    }
}
