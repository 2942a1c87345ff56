// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {RescueOutcome} from "../interfaces/IMandateBook.sol";
import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {BoxMath} from "../libraries/BoxMath.sol";
import {LiquidationMath} from "../libraries/LiquidationMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {SkewMath} from "../libraries/SkewMath.sol";
import {Assessment} from "../types/Assessment.sol";
import {Closing} from "../types/Closing.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {Terms} from "../types/Terms.sol";
import {VaultBox} from "./VaultBox.sol";

/// @title LiquidationModule
/// @notice Rescues positions by their mandates, and closes those that no longer hold their maintenance margin.
abstract contract LiquidationModule is VaultBox {
    using MarketMath for Market;
    using SafeCast for uint256;

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

    /// @inheritdoc ILiquidation
    function rescue(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable nonReentrant returns (uint256 keeperFee) {
        require(feeReceiver != address(0), ZeroAddress());
        Position memory position_ = _positions[positionId];
        require(position_.size != 0, PositionNotFound(positionId));
        Market memory market_ = _accruedMargins();
        Price memory price = _spotPrice(market_, proof);
        Assessment memory assessment;
        _assess(assessment, market_, position_, price.value);
        // At its cap a position is settled, never liquidated: there is nothing to rescue it from.
        RescueOutcome outcome = RescueOutcome.NotTriggered;
        if (assessment.gain < int256(uint256(position_.reserve))) {
            (keeperFee, outcome) = _rescue(market_, positionId, position_, assessment, price, true);
        }
        require(outcome == RescueOutcome.Rescued, RescueRefused(positionId, outcome));
        _storeMargins(market_);

        // Interactions.
        _payOut(feeReceiver, keeperFee / _scale);
        _returnEther();
    }

    /// @dev One price for all. A list of one throws why it could not be liquidated; a longer one logs it and goes on.
    function _liquidateAll(
        uint256[] memory positionIds,
        bytes calldata proof,
        address feeReceiver
    ) private returns (uint256 liquidated, uint256 keeperFee) {
        require(feeReceiver != address(0), ZeroAddress());
        Market memory market_ = _market;
        market_.accrue(block.timestamp);
        Price memory price = _spotPrice(market_, proof);
        _requireGraceOver(price);
        address[] memory owners = new address[](positionIds.length);
        uint256[] memory payouts = new uint256[](positionIds.length);
        for (uint256 i = 0; i < positionIds.length; ++i) {
            Position memory position_ = _positions[positionIds[i]];
            (Assessment memory assessment, bytes memory refusal) = _judge(
                market_,
                positionIds[i],
                position_,
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

    /// @dev Rescues, else closes in part or whole, in this order: fold, part or whole, the box, the keeper. Stores the
    /// position; the caller stores the market and pays out.
    function _liquidate(
        Market memory market_,
        uint256 positionId,
        Position memory position_,
        Assessment memory assessment,
        Price memory price
    ) private returns (uint256 keeperFee, uint256 paidOut) {
        RescueOutcome outcome;
        (keeperFee, outcome) = _rescue(market_, positionId, position_, assessment, price, false);
        if (outcome == RescueOutcome.Rescued) return (keeperFee, 0);

        Terms memory terms_ = assessment.terms;
        _detachAndFold(market_, position_);
        uint256 closed = LiquidationMath.sizeToClose(position_, assessment, price.value, _skewScale, _scale);
        uint256 fill = SkewMath.fillPrice(
            price.value,
            assessment.skew,
            BoxMath.closingDelta(position_, closed),
            _skewScale
        );
        Closing memory closing = BoxMath.close(position_, closed, fill, _scale);
        uint256 fee = LiquidationMath.feeOf(closed, price.value, terms_);
        uint256 extra =
            position_.size == 0 ? LiquidationMath.feeFromReserve(position_.margin, terms_.keeperFeeFloor, _scale) : 0;
        uint256 undelivered = _settleWithPool(market_, position_, closing, extra);
        uint256 lost = undelivered < extra ? undelivered : extra;
        position_.margin -= uint96(undelivered - lost);
        uint256 taken = BoxMath.takeFromMargin(position_, fee) + extra - lost;
        keeperFee = taken < terms_.keeperFeeCap ? taken : terms_.keeperFeeCap;
        market_.poolDue += uint128(taken - keeperFee);

        _stamp(market_, position_, price.value, price.observedAt);
        if (position_.size == 0) paidOut = _toToken(market_, position_.margin);
        else position_.cooldown = _cooldown(position_, terms_.liquidationCooldown);
        _recordShortfall(market_, positionId, closing.shortfall);
        emit PositionLiquidated(
            positionId,
            position_.owner,
            msg.sender,
            ++market_.sequence,
            price.value,
            price.observedAt,
            price.kind,
            assessment.equity,
            assessment.maintenanceMargin,
            closing.closedSize,
            position_.size,
            closing.fillPrice,
            taken,
            keeperFee,
            paidOut * _scale,
            closing.shortfall,
            outcome
        );
        _storePosition(market_, positionId, position_);
        _updateRates(market_, closing.cash, closing.reserved);
    }

    /// @dev Lets the mandate book pull what restores the position, if a mandate stands and allows it. Changes its margin
    /// and nothing else, as adding margin does. A token that fails there fails nothing here.
    function _rescue(
        Market memory market_,
        uint256 positionId,
        Position memory position_,
        Assessment memory assessment,
        Price memory price,
        bool early
    ) private returns (uint256 keeperFee, RescueOutcome outcome) {
        if (position_.traits & _MANDATED == 0) return (0, RescueOutcome.NoMandate);
        keeperFee = assessment.terms.keeperFeeFloor;
        uint256 pulled;
        (pulled, outcome) = _mandateBook.pull(
            positionId,
            position_.owner,
            assessment.equity,
            assessment.maintenanceMargin,
            keeperFee,
            early
        );
        if (outcome != RescueOutcome.Rescued) return (0, outcome);
        position_.margin = (position_.margin + pulled - keeperFee).toUint96();
        _positions[positionId].margin = position_.margin;
        market_.totalMargin = (market_.totalMargin + pulled - keeperFee).toUint96();
        emit PositionRescued(
            positionId,
            position_.owner,
            msg.sender,
            ++market_.sequence,
            price.value,
            price.observedAt,
            price.kind,
            assessment.equity,
            assessment.maintenanceMargin,
            pulled,
            keeperFee,
            position_.margin
        );
    }

    /// @dev Why a position cannot be liquidated, as an encoded error; empty when it can. One rule for a single call,
    /// which throws it, and for a batch, which logs it.
    function _judge(
        Market memory market_,
        uint256 positionId,
        Position memory position_,
        uint256 price
    ) private view returns (Assessment memory assessment, bytes memory refusal) {
        if (position_.size == 0) {
            return (assessment, abi.encodeWithSelector(PositionNotFound.selector, positionId));
        }
        _assess(assessment, market_, position_, price);
        int256 required = int256(assessment.maintenanceMargin);
        uint256 coolUntil = position_.cooldown == 0 ? 0 : uint256(position_.priceTime) + position_.cooldown;
        if (assessment.gain >= int256(uint256(position_.reserve))) {
            refusal = abi.encodeWithSelector(PositionCapped.selector, positionId, assessment.gain, position_.reserve);
        } else if (assessment.equity >= required) {
            refusal = abi.encodeWithSelector(PositionHealthy.selector, positionId, assessment.equity, required);
        } else if (block.timestamp < coolUntil && 2 * assessment.equity >= required) {
            refusal = abi.encodeWithSelector(CoolingOff.selector, positionId, coolUntil);
        }
    }

    function _assess(
        Assessment memory assessment,
        Market memory market_,
        Position memory position_,
        uint256 price
    ) private view {
        _readTerms(assessment.terms, position_.termsId);
        LiquidationMath.assess(assessment, market_, position_, price);
    }

    /// @dev Cool-off from now, as stored: counted from the observation time of the price.
    function _cooldown(Position memory position_, uint256 pause) private view returns (uint16) {
        uint256 offset = block.timestamp + pause - position_.priceTime;
        return uint16(offset < type(uint16).max ? offset : type(uint16).max);
    }

    function _revertWith(bytes memory refusal) private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            revert(add(refusal, 32), mload(refusal))
        }
    }
}
